import { expect } from 'chai';
import {
  atomic,
  connections,
  onCommit,
  postCommit,
  postRollback,
  transaction,
} from 'sequelize-signals';
import { fake, type SinonSpy } from 'sinon';
import { describeTransactions } from '../support/ledger.js';
import { rejectionOf } from '../support/rejection.js';

/** What a server's refusal looks like, once Sequelize has wrapped it. */
class Lost extends Error {
  readonly parent: { readonly code: string };

  constructor(code: string) {
    super(`lost with ${code}`);
    this.parent = { code };
  }
}

describeTransactions('retry', (bench) => {
  const CODES = ['40001', '40P01', 'ER_LOCK_DEADLOCK', 'ER_CHECKREAD', 'SQLITE_BUSY'];

  for (const code of CODES) {
    it(`runs the block again after ${code}`, async () => {
      let attempts = 0;
      const result = await atomic({ retry: { times: 2 } }, async () => {
        attempts += 1;
        await bench.ledger.do(`attempt ${attempts}`);
        if (attempts < 3) throw new Lost(code);
        return 'result';
      });

      expect(result).to.equal('result');
      await bench.ledger.expectDone(['attempt 3']);
    });
  }

  it('gives up after `times` with the last error', async () => {
    const run = fake(async () => {
      throw new Lost('40001');
    });

    const error = await rejectionOf(atomic({ retry: { times: 2 } }, run));

    expect(error).to.be.instanceOf(Lost);
    expect(run.callCount).to.equal(3);
  });

  it('does not run it again after another error, or without the option', async () => {
    const failing = fake(() => Promise.reject(new Error('of the function')));
    const losing = fake(() => Promise.reject(new Lost('40001')));

    await rejectionOf(atomic({ retry: { times: 2 } }, failing));
    await rejectionOf(atomic({ retry: { times: 0 } }, losing));
    await rejectionOf(atomic(losing));

    expect(failing.callCount).to.equal(1);
    expect(losing.callCount).to.equal(2);
  });

  it('runs it again when the loss was caught, and made the block roll back', async () => {
    let attempts = 0;
    await atomic({ retry: { times: 1 } }, async () => {
      attempts += 1;
      await bench.ledger.do(`attempt ${attempts}`);
      if (attempts > 1) return;
      await rejectionOf(
        atomic({ savepoint: false }, () => Promise.reject(new Lost('ER_LOCK_DEADLOCK'))),
      );
    });

    await bench.ledger.expectDone(['attempt 2']);
  });

  it('runs it again when the loss is one of several errors, or behind one of them', async () => {
    let attempts = 0;
    const lost = new Error('of the application', { cause: new Lost('40001') });
    await atomic({ retry: { times: 1 } }, async () => {
      attempts += 1;
      await bench.ledger.do(`attempt ${attempts}`);
      if (attempts === 1) throw new AggregateError([new Error('of a receiver'), lost]);
    });

    await bench.ledger.expectDone(['attempt 2']);
  });

  it('hands on an error whose causes go in a circle', async () => {
    const mine = new Error('mine');
    mine.cause = new Error('wrapper', { cause: new AggregateError([mine]) });

    const error = await rejectionOf(
      atomic({ retry: { times: 1 } }, () => {
        throw mine;
      }),
    );

    expect(error).to.equal(mine);
  });

  it('hands on an error whose causes never end', async () => {
    class Endless extends Error {
      override get cause(): Endless {
        return new Endless();
      }
    }
    const mine = new Endless();

    const error = await rejectionOf(atomic({ retry: { times: 1 } }, () => Promise.reject(mine)));

    expect(error).to.equal(mine);
  });

  for (const property of ['cause', 'parent', 'code', 'errors']) {
    it(`hands on an error whose ${property} cannot be read`, async () => {
      const mine = new Error('mine');
      Object.defineProperty(mine, property, {
        get() {
          throw new Error('of the getter');
        },
      });

      const error = await rejectionOf(atomic({ retry: { times: 1 } }, () => Promise.reject(mine)));

      expect(error).to.equal(mine);
    });
  }

  it('never runs again what is stored: a callback that loses is no reason (D-261)', async () => {
    const run: SinonSpy = fake(async () => {
      await bench.ledger.do(`run ${run.callCount}`);
      await onCommit(() => Promise.reject(new Lost('40001')));
    });

    const error = await rejectionOf(atomic({ retry: { times: 5 } }, run));

    expect(error).to.be.instanceOf(Lost);
    await bench.ledger.expectDone(['run 1']);
  });

  it('never runs again what is stored: neither is a receiver of postCommit', async () => {
    const undo = postCommit.connect(() => Promise.reject(new Lost('40001')));
    const run: SinonSpy = fake(() => bench.ledger.do(`run ${run.callCount}`));

    const error = await rejectionOf(atomic({ retry: { times: 5 } }, run));
    undo();

    expect(error).to.be.instanceOf(Lost);
    await bench.ledger.expectDone(['run 1']);
  });

  it('waits as `delay` says, a number or a function of the attempt, outside of the block', async () => {
    const delay = fake((_attempt: number) => {
      expect(transaction.inAtomicBlock()).to.equal(false);
      return 0;
    });

    await rejectionOf(
      atomic({ retry: { times: 3, delay } }, () => Promise.reject(new Lost('40001'))),
    );
    await rejectionOf(
      atomic({ retry: { times: 1, delay: 0 } }, () => Promise.reject(new Lost('40001'))),
    );

    expect(delay.args).to.deep.equal([[1], [2], [3]]);
  });

  it('sends postRollback for each attempt that was lost', async () => {
    const seen: string[] = [];
    const undo = [
      postCommit.connect(() => seen.push('commit')),
      postRollback.connect(() => seen.push('rollback')),
    ];
    let attempts = 0;
    await atomic({ retry: { times: 2 } }, () => {
      attempts += 1;
      if (attempts < 3) throw new Lost('40001');
    });
    for (const disconnect of undo) disconnect();

    expect(seen).to.deep.equal(['rollback', 'rollback', 'commit']);
  });

  it('serves a wrapped function too, with its arguments on each attempt', async () => {
    let attempts = 0;
    const run = atomic({ retry: { times: 1 } })(async (name: string) => {
      attempts += 1;
      await bench.ledger.do(name);
      if (attempts === 1) throw new Lost('40001');
    });

    await run('stored');

    expect(attempts).to.equal(2);
    await bench.ledger.expectDone(['stored']);
  });

  it('keeps uninstall() out while it waits, and lets a callback call it', async () => {
    const own = bench.context.install(bench.database.connect(), { using: 'own' });
    const refused: unknown[] = [];
    const waits = () => {
      // This is asked before the wait, and the turn after it is in the wait.
      setImmediate(() => refused.push(codeOf(() => own.uninstall())));
      return 5;
    };
    let attempts = 0;

    await own.atomic({ retry: { times: 1, delay: waits } }, async () => {
      attempts += 1;
      if (attempts === 1) throw new Lost('40001');
      await own.onCommit(() => own.uninstall());
    });

    expect(refused).to.deep.equal(['SIGNALS_IN_USE']);
    expect(attempts).to.equal(2);
    expect(connections.get('own')).to.equal(undefined);
  });

  it('keeps uninstall() out while receivers hear of an attempt that was lost', async () => {
    const own = bench.context.install(bench.database.connect(), { using: 'own' });
    const refused: unknown[] = [];
    const undo = postRollback.connect(() => {
      refused.push(codeOf(() => own.uninstall()));
    });
    let attempts = 0;

    await own.atomic({ retry: { times: 1 } }, async () => {
      attempts += 1;
      if (attempts === 1) throw new Lost('40001');
    });
    undo();
    own.uninstall();

    expect(refused).to.deep.equal(['SIGNALS_IN_USE']);
  });

  it('goes around a block without a savepoint that loses inside', async () => {
    let attempts = 0;

    await atomic({ retry: { times: 1 } }, async () => {
      attempts += 1;
      await bench.ledger.do(`attempt ${attempts}`);
      const lose = () => Promise.reject(new Lost('40001'));
      if (attempts === 1) await rejectionOf(atomic({ savepoint: false }, lose));
    });

    await bench.ledger.expectDone(['attempt 2']);
  });
});

function codeOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
}
