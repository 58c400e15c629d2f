import { expect } from 'chai';
import {
  atomic,
  configure,
  onCommit,
  TransactionManagementError,
  transaction,
} from 'sequelize-signals';
import { testTransaction } from 'sequelize-signals/testing';
import { fake, replace, type SinonFakeTimers, useFakeTimers } from 'sinon';
import { deferred } from '../support/deferred.js';
import { describeTransactions } from '../support/ledger.js';
import { rejectionOf } from '../support/rejection.js';

const DAY = 86_400_000;
/** A server's refusal, as Sequelize wraps it. */
const LOST = Object.assign(new Error('lost'), { parent: { code: '40001' } });

describeTransactions('clocks that jump', (bench) => {
  const warn = fake();

  beforeEach(() => {
    warn.resetHistory();
    configure({ logger: { error: fake(), warn } });
  });
  afterEach(() => configure({ logger: null }));

  for (const [direction, days] of [
    ['forwards', 3],
    ['backwards', -3],
    ['nowhere, and stand still', 0],
  ] as const) {
    it(`${direction}: blocks, savepoints and callbacks are as ever`, async () => {
      const clock = useFakeTimers({ now: 20_000 * DAY, toFake: ['Date'] });
      const jump = (): void => clock.setSystemTime(Date.now() + days * DAY);

      await atomic(async () => {
        await bench.ledger.do('first');
        jump();
        const lost = rejectionOf(
          atomic(async () => {
            await bench.ledger.do('lost');
            jump();
            throw new Error('no');
          }),
        );
        const kept = atomic(async () => {
          await bench.ledger.do('second');
          jump();
        });
        await Promise.all([lost, kept]);
        const sid = await transaction.savepoint();
        await bench.ledger.do('undone');
        jump();
        await transaction.savepointRollback(sid);
        await bench.ledger.do('third');
        jump();
      });

      await bench.ledger.expectDone(['first', 'second', 'third']);
      const names = bench.statements.savepoints();
      expect(names).to.have.length(3);
      expect(new Set(names).size).to.equal(3);
      expect(warn.args).to.deep.equal([]);
    });
  }

  it('neither make a wait for a block seem long, nor short', async () => {
    const clock = useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    const release = deferred();
    const block = atomic(() =>
      Promise.all([atomic(() => release.promise), atomic(() => bench.ledger.do('patient'))]),
    );

    await clock.tickAsync(9_999);
    clock.setSystemTime(Date.now() + 3 * DAY);
    await clock.tickAsync(0);
    const early = warn.callCount;
    clock.setSystemTime(Date.now() - 6 * DAY);
    await clock.tickAsync(1);
    const late = warn.callCount;
    clock.restore();
    release.resolve();
    await block;

    expect([early, late]).to.deep.equal([0, 1]);
    await bench.ledger.expectDone(['patient']);
  });

  it('do not change how long `retry` waits', async () => {
    const { clock, attempts, block } = losingOnce(1000);

    await clock.tickAsync(999);
    clock.setSystemTime(Date.now() + 3 * DAY);
    await clock.tickAsync(0);
    const early = attempts();
    clock.setSystemTime(Date.now() - 6 * DAY);
    await clock.tickAsync(1);
    clock.restore();
    await block;

    expect([early, attempts()]).to.deep.equal([1, 2]);
  });

  it('that stand still do not stop a `retry` without a delay', async () => {
    const { clock, attempts, block } = losingOnce(0);

    await block;
    clock.restore();

    expect(attempts()).to.equal(2);
  });

  it('are asked for no longer a delay than a timer can wait', async () => {
    const { clock, attempts, block } = losingOnce(Number.MAX_SAFE_INTEGER);

    await clock.tickAsync(20 * DAY);
    const early = attempts();
    await clock.tickAsync(10 * DAY);
    clock.restore();
    await block;

    expect([early, attempts()]).to.deep.equal([1, 2]);
  });

  it('do not make the wait in the transaction of a test seem long', async () => {
    const test = testTransaction();
    await test.begin();
    const clock = useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    const release = deferred();
    const [begun, both] = [deferred(), deferred()];
    const first = atomic(async () => {
      await bench.ledger.do('first');
      begun.resolve();
      await release.promise;
    });
    await begun.promise;
    const second = atomic(async () => {
      both.resolve();
      await bench.ledger.do('second');
    });
    await both.promise;

    await clock.tickAsync(999);
    clock.setSystemTime(Date.now() + 3 * DAY);
    await clock.tickAsync(0);
    clock.restore();
    release.resolve();
    await Promise.all([first, second]);
    await test.rollback();

    expect(warn.args).to.deep.equal([]);
  });

  it('may give timers that are numbers, as a browser does', async () => {
    const set = setTimeout;
    const release = deferred();
    replace(globalThis, 'setTimeout', ((...given: Parameters<typeof set>) =>
      Number(set(...given))) as unknown as typeof set);

    await atomic(async () => {
      const first = atomic(() => release.promise);
      const second = atomic(() => bench.ledger.do('second'));
      setImmediate(release.resolve);
      await Promise.all([first, second]);
    });

    await bench.ledger.expectDone(['second']);
  });

  if (bench.database.dialect === 'postgres') {
    it('do not hide that the server gave up a statement for its own clock', async () => {
      const clock = useFakeTimers({ toFake: ['Date'] });

      const rejection = await rejectionOf(
        atomic(async () => {
          await onCommit(bench.ledger.callback('never'));
          await bench.sequelize.query('SET LOCAL statement_timeout = 1');
          const slow = rejectionOf(bench.sequelize.query('SELECT pg_sleep(5)'));
          clock.setSystemTime(Date.now() - 3 * DAY);
          expect((await slow).message).to.match(/statement timeout/);
        }),
      );

      expect(rejection).to.be.instanceOf(TransactionManagementError);
      await bench.ledger.expectDone([]);
    });
  }

  /** A block that loses its first attempt, on a clock that the test moves. */
  function losingOnce(delay: number): {
    readonly clock: SinonFakeTimers;
    readonly attempts: () => number;
    readonly block: Promise<unknown>;
  } {
    const clock = useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout', 'setImmediate'] });
    let attempts = 0;
    const block = atomic({ retry: { times: 1, delay: () => delay } }, async () => {
      attempts += 1;
      if (attempts === 1) throw LOST;
    });
    return { clock, attempts: () => attempts, block };
  }
});
