import { expect } from 'chai';
import { QueryTypes } from 'sequelize';
import {
  atomic,
  configure,
  onCommit,
  RolledBackError,
  TransactionManagementError,
  transaction,
} from 'sequelize-signals';
import { fake, useFakeTimers } from 'sinon';
import { deferred } from '../support/deferred.js';
import { describeTransactions, Ledger } from '../support/ledger.js';
import { expectIdlePool, poolOf } from '../support/pool.js';
import { rejectionOf } from '../support/rejection.js';

const SELECT = { type: QueryTypes.SELECT } as const;

describeTransactions('work that runs at once', (bench) => {
  describe('siblings', () => {
    it('run one after another, in the order of their start (J-14)', async () => {
      const order: string[] = [];
      await atomic(async () => {
        await Promise.all(
          ['1', '2', '3'].map((name) =>
            atomic(async () => {
              order.push(`${name} begins`);
              await bench.ledger.do(name);
              order.push(`${name} ends`);
            }),
          ),
        );
      });

      expect(order).to.deep.equal([
        '1 begins',
        '1 ends',
        '2 begins',
        '2 ends',
        '3 begins',
        '3 ends',
      ]);
      await bench.ledger.expectDone(['1', '2', '3']);
    });

    it('wait for the one that runs, also when another one has ended since that began to wait', async () => {
      const order: string[] = [];
      const release = deferred();
      await atomic(async () => {
        const first = atomic(() => bench.ledger.do('first'));
        const second = atomic(async () => {
          await release.promise;
          order.push('second');
        });
        await first;
        const third = atomic(() => order.push('third'));
        await bench.ledger.entries.count();
        release.resolve();
        await Promise.all([second, third]);
      });

      expect(order).to.deep.equal(['second', 'third']);
    });

    it('of different kinds take turns with each other', async () => {
      const order: string[] = [];
      const step = (name: string) => async () => {
        order.push(name);
        await bench.ledger.entries.count();
        order.push(name);
      };
      await atomic(async (t) => {
        await Promise.all([
          atomic(step('with a savepoint')),
          atomic({ savepoint: false }, step('without')),
          bench.sequelize.transaction({ transaction: t }, step('of Sequelize')),
          atomic({ transaction: t }, step('named')),
        ]);
      });

      expect(order).to.deep.equal(
        ['with a savepoint', 'without', 'of Sequelize', 'named'].flatMap((name) => [name, name]),
      );
    });

    it('go on after one that failed, and leave the block sound', async () => {
      await atomic(async () => {
        const outcomes = await Promise.allSettled(
          ['1', '2', '3', '4'].map((name, index) =>
            atomic(async () => {
              await bench.ledger.do(name);
              if (index % 2 === 0) await bench.ledger.write(name);
            }),
          ),
        );
        expect(outcomes.map(({ status }) => status)).to.deep.equal([
          'rejected',
          'fulfilled',
          'rejected',
          'fulfilled',
        ]);
        await bench.ledger.do('after');
      });

      await bench.ledger.expectDone(['2', '4', 'after']);
    });

    it('may nest and have siblings inside', async () => {
      await atomic(async () => {
        await Promise.all(
          ['a', 'b'].map((outer) =>
            atomic(() =>
              Promise.all(['1', '2'].map((inner) => atomic(() => bench.ledger.do(outer + inner)))),
            ),
          ),
        );
      });

      await bench.ledger.expectDone(['a1', 'a2', 'b1', 'b2']);
    });

    it('are not begun when the block around them has ended', async () => {
      const release = deferred();
      const begun = fake();
      let waiting: Promise<Error> | undefined;
      let unawaited: Promise<Error> | undefined;
      await atomic(async () => {
        unawaited = rejectionOf(atomic(() => release.promise));
        waiting = rejectionOf(atomic(begun));
      });
      release.resolve();

      expect(await unawaited).to.be.instanceOf(TransactionManagementError);
      expect(await waiting).to.be.instanceOf(TransactionManagementError);
      expect(begun.callCount).to.equal(0);
    });

    it('that wait for long are reported once, and go on when they can', async () => {
      const warn = fake();
      configure({ logger: { error() {}, warn } });
      const clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const release = deferred();
      const block = atomic(() =>
        Promise.all([
          atomic(function slow() {
            return release.promise;
          }),
          atomic(function patient() {}),
          atomic(function lastInLine() {}),
        ]),
      );

      await clock.tickAsync(60_000);
      configure({ logger: null });
      release.resolve();
      await block;

      expect(warn.args).to.have.length(1);
      expect(warn.args[0]?.[0]).to.match(/"patient" has waited 10 seconds for .*"slow" to end/);
    });
  });

  describe('a query of the parent beside an open child (S20)', () => {
    const overlap = (child: () => Promise<unknown>, parent: () => Promise<unknown>) =>
      atomic(async () => {
        const begun = deferred();
        const written = deferred();
        await Promise.all([
          atomic(async () => {
            await bench.ledger.write('of the child');
            begun.resolve();
            await written.promise;
            await child();
          }).catch(() => {}),
          begun.promise.then(parent).then(() => written.resolve()),
        ]);
      });

    it('is kept when the child is', async () => {
      await overlap(
        async () => {},
        () => bench.ledger.write('of the parent'),
      );

      await bench.ledger.expectDone(['of the child', 'of the parent'], []);
    });

    it('is kept when it registered a callback, whatever becomes of the child', async () => {
      await overlap(
        () => Promise.reject(new Error('child')),
        () => onCommit(bench.ledger.callback('of the parent')),
      );

      await bench.ledger.expectDone([], ['of the parent']);
    });

    it('is reported when it wrote, and the child undid that (J-14)', async () => {
      const error = await rejectionOf(
        overlap(
          () => Promise.reject(new Error('child')),
          () => bench.ledger.write('of the parent'),
        ),
      );

      expect(error).to.be.instanceOf(RolledBackError);
      expect(error.cause).to.include({ code: 'SIGNALS_TRANSACTION_OVERLAP' });
      await bench.ledger.expectDone([]);
    });

    if (bench.database.dialect !== 'sqlite') {
      it('is reported too when it wrote and asked for rows', async () => {
        const error = await rejectionOf(
          overlap(
            () => Promise.reject(new Error('child')),
            () =>
              bench.sequelize.query("INSERT INTO entries (name) VALUES ('returned') RETURNING id", {
                type: 'SELECT',
              }),
          ),
        );

        expect(error.cause).to.include({ code: 'SIGNALS_TRANSACTION_OVERLAP' });
      });
    }

    it('is nothing to report when it only read', async () => {
      await overlap(
        () => Promise.reject(new Error('child')),
        () => bench.ledger.entries.count(),
      );

      await bench.ledger.expectDone([]);
    });

    it('is stored, or reported, whatever the order in which both get there', async () => {
      const names = ['1', '2', '3', '4', '5', '6'];
      for (let childStartsAfter = 0; childStartsAfter <= names.length; childStartsAfter += 1) {
        await bench.ledger.clear();
        const failingChild = () =>
          rejectionOf(
            atomic(async () => {
              await bench.ledger.write('of the child');
              await bench.ledger.write('1');
            }),
          );

        const outcome = await atomic(async () => {
          await bench.ledger.write('1');
          await Promise.all(
            names.slice(1).map((name, index) => {
              const write = bench.ledger.write(name);
              return index === childStartsAfter ? Promise.all([write, failingChild()]) : write;
            }),
          );
        }).catch((error: Error) => error);

        const rows = await bench.ledger.rows();
        if (outcome === undefined) expect(rows).to.have.members(names);
        else expect(outcome.cause).to.include({ code: 'SIGNALS_TRANSACTION_OVERLAP' });
      }
    });

    if (bench.database.dialect !== 'sqlite') {
      it('is reported too when it took a lock, which is given back with the savepoint', async () => {
        const error = await rejectionOf(
          overlap(
            () => Promise.reject(new Error('child')),
            () => bench.sequelize.query('SELECT * FROM entries FOR UPDATE', SELECT),
          ),
        );

        expect(error.cause).to.include({ code: 'SIGNALS_TRANSACTION_OVERLAP' });
      });
    }

    for (const [sql, isReported] of [
      ['WITH one AS (SELECT 1 AS n) SELECT n FROM one', false],
      ['/* of the parent */ SELECT 1', false],
      ["INSERT INTO entries (name) VALUES ('of the parent')", true],
      ["UPDATE entries SET name = 'of the parent'", true],
    ] as const) {
      it(`is ${isReported ? 'reported' : 'nothing to report'} when it is ${sql}`, async () => {
        const outcome = await overlap(
          () => Promise.reject(new Error('child')),
          () => bench.sequelize.query({ query: sql, values: [] }, isReported ? {} : SELECT),
        ).catch((error: Error) => error);

        const code = (outcome as { cause?: { code?: string } } | undefined)?.cause?.code;
        expect(code).to.equal(isReported ? 'SIGNALS_TRANSACTION_OVERLAP' : undefined);
      });
    }

    it('may be sent by a hook of Sequelize, while another one is being sent', async () => {
      bench.sequelize.addHook('beforeQuery', 'audit', async (options) => {
        if (!('audited' in options)) return;
        await bench.ledger.write('by the hook');
        await atomic(() => bench.ledger.write('by a block of the hook'));
      });

      await atomic(() =>
        bench.sequelize.query("INSERT INTO entries (name) VALUES ('audited')", {
          audited: true,
        } as object),
      ).finally(() => bench.sequelize.removeHook('beforeQuery', 'audit'));

      await bench.ledger.expectDone(['by the hook', 'by a block of the hook', 'audited'], []);
    });

    it('is stored when it was sent first, however long a hook of Sequelize holds it back', async () => {
      const release = deferred();
      bench.sequelize.addHook('beforeQuery', 'hold', (options) =>
        'held' in options ? release.promise : undefined,
      );
      await atomic(async () => {
        await bench.ledger.write('first');
        const held = bench.sequelize.query("INSERT INTO entries (name) VALUES ('held')", {
          held: true,
        } as object);
        const child = rejectionOf(atomic(() => bench.ledger.write('first')));
        for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
        release.resolve();
        await Promise.all([held, child]);
      }).finally(() => bench.sequelize.removeHook('beforeQuery', 'hold'));

      await bench.ledger.expectDone(['first', 'held'], []);
    });

    it('is nothing to report when it came before the savepoint', async () => {
      await atomic(async () => {
        const written = deferred();
        await Promise.all([
          bench.ledger.write('of the parent').then(() => written.resolve()),
          atomic(async () => {
            await written.promise;
            await bench.ledger.write('of the child');
            throw new Error('child');
          }).catch(() => {}),
        ]);
      });

      await bench.ledger.expectDone(['of the parent'], []);
    });
  });

  describe('that outlives its block', () => {
    it('gets an error for all that it tries (S8, S16, J-15)', async () => {
      const ended = deferred();
      let late: Promise<Error[]> | undefined;
      await atomic(async (t) => {
        late = ended.promise.then(() =>
          Promise.all(
            [
              () => bench.ledger.write('late'),
              () => bench.sequelize.query('SELECT 1'),
              () => onCommit(bench.ledger.callback('late')),
              () => atomic(() => bench.ledger.do('late')),
              () => atomic({ durable: true }, () => bench.ledger.do('late')),
              () => bench.sequelize.transaction({ transaction: t }),
              () => transaction.savepoint(),
              () => transaction.setRollback(true),
              () => t.afterCommit(() => {}),
            ].map((attempt) => rejectionOf(attempt)),
          ),
        );
        await bench.ledger.do('stored');
      });
      ended.resolve();

      for (const error of (await late) ?? []) {
        expect(error).to.be.instanceOf(TransactionManagementError);
        expect(error).to.include({ code: 'SIGNALS_TRANSACTION_ENDED' });
        expect(error.message).to.include('transaction.outside()');
      }
      await bench.ledger.expectDone(['stored']);
    });

    it('is not in a block any more, as it can ask', async () => {
      const ended = deferred();
      let late: Promise<unknown[]> | undefined;
      await atomic(async () => {
        late = ended.promise.then(() => [
          transaction.inAtomicBlock(),
          transaction.current(),
          bench.connection.inAtomicBlock(),
        ]);
      });
      ended.resolve();

      expect(await late).to.deep.equal([false, undefined, false]);
    });

    it('gets the error also while a callback of the block runs', async () => {
      const committed = deferred();
      let late: Promise<Error> | undefined;
      await atomic(async () => {
        late = committed.promise.then(() => rejectionOf(bench.ledger.write('late')));
        await bench.ledger.write('stored');
        await onCommit(async () => {
          committed.resolve();
          await late;
        });
      });

      expect(await late).to.include({ code: 'SIGNALS_TRANSACTION_ENDED' });
      await bench.ledger.expectDone(['stored'], []);
    });

    it('a nested block that nobody awaited is undone, and the rest is stored', async () => {
      const release = deferred();
      const begun = deferred();
      let unawaited: Promise<Error> | undefined;
      await atomic(async () => {
        await bench.ledger.do('stored');
        unawaited = rejectionOf(
          atomic(async () => {
            await bench.ledger.do('half of it');
            begun.resolve();
            await release.promise;
            await bench.ledger.do('the other half');
          }),
        );
        await begun.promise;
      });
      release.resolve();

      expect(await unawaited).to.be.instanceOf(TransactionManagementError);
      await bench.ledger.expectDone(['stored']);
    });

    it('a nested block without a savepoint that nobody awaited undoes all', async () => {
      const release = deferred();
      const begun = deferred();
      let unawaited: Promise<Error> | undefined;
      const error = await rejectionOf(
        atomic(async () => {
          unawaited = rejectionOf(
            atomic({ savepoint: false }, async () => {
              await bench.ledger.do('half of it');
              begun.resolve();
              await release.promise;
            }),
          );
          await begun.promise;
        }),
      );
      release.resolve();

      expect(error).to.be.instanceOf(RolledBackError);
      expect(error.cause).to.include({ code: 'SIGNALS_TRANSACTION_ENDED' });
      expect(await unawaited).to.be.instanceOf(TransactionManagementError);
      await bench.ledger.expectDone([]);
    });

    it('a nested block that fails when it has been undone already sends nothing', async () => {
      const release = deferred();
      const begun = deferred();
      let unawaited: Promise<Error> | undefined;
      await atomic(async () => {
        unawaited = rejectionOf(
          atomic(async () => {
            await bench.ledger.do('undone');
            begun.resolve();
            await release.promise;
            throw new Error('of the inner function');
          }),
        );
        await begun.promise;
      });
      bench.statements.clear();
      release.resolve();

      expect((await unawaited)?.message).to.equal('of the inner function');
      expect(bench.statements.all).to.deep.equal([]);
      await bench.ledger.expectDone([]);
    });
  });

  describe('while COMMIT is under way', () => {
    it('neither joins the block nor opens a second one unseen', async () => {
      const commitIsSent = deferred();
      const errors: Promise<Error[]>[] = [];
      const { log } = bench.statements;
      const watched = bench.database.connect({
        logging: (line) => {
          log(line);
          if (/COMMIT/.test(line)) commitIsSent.resolve();
        },
      });
      const connection = bench.context.install(watched, { using: 'watched' });
      const ledger = await Ledger.join(watched);

      await connection.atomic(async () => {
        await ledger.write('stored');
        errors.push(
          commitIsSent.promise.then(() =>
            Promise.all(
              [
                () => ledger.write('joined'),
                () => connection.atomic(() => ledger.write('second')),
                () => connection.onCommit(ledger.callback('late')),
              ].map((attempt) => rejectionOf(attempt)),
            ),
          ),
        );
      });

      for (const error of (await Promise.all(errors)).flat()) {
        expect(error).to.include({ code: 'SIGNALS_TRANSACTION_COMMITTING' });
        expect(error.message).to.include('onCommit()');
      }
      await ledger.expectDone(['stored'], []);
      await ledger.clear();
      connection.uninstall();
    });
  });

  describe('in separate blocks', () => {
    it('is in the block of its own flow (D-237, J-13)', async () => {
      const bothIn = [deferred(), deferred()];
      const seen = await Promise.all(
        [0, 1].map((own) =>
          atomic(async (t) => {
            bothIn[own]?.resolve();
            await bothIn[1 - own]?.promise;
            expect(transaction.current()).to.equal(t);
            await onCommit(bench.ledger.callback(`${own}`));
            return t;
          }),
        ),
      );

      expect(seen[0]).to.not.equal(seen[1]);
      expect(bench.ledger.called).to.have.members(['0', '1']);
    });
  });
});

describeTransactions('a small pool', (bench) => {
  it('of one serves callbacks that query and open blocks (J-32)', async () => {
    const small = bench.database.connect({ pool: { max: 1, acquire: 2_000 } });
    const connection = bench.context.install(small, { using: 'small' });
    const ledger = await Ledger.join(small);

    await connection.atomic(async () => {
      await ledger.write('in the block');
      await connection.onCommit(() => ledger.write('by a callback'));
      await connection.onCommit(() => connection.atomic(() => ledger.write('in a block of it')));
      connection.defer((name: string) => ledger.write(name), 'deferred');
    });

    await ledger.expectDone(['in the block', 'by a callback', 'in a block of it', 'deferred'], []);
    expectIdlePool(small);
    connection.uninstall();
  });

  // A file has one writer at a time; and cls-hooked slows each await of the 10,000 down.
  if (bench.database.name === 'sqlite file' || bench.context.useCLS !== 'never') return;

  it('of five serves 10,000 blocks at once', async function () {
    this.timeout(60_000);
    const small = bench.database.connect({ pool: { max: 5, acquire: 60_000 } });
    const connection = bench.context.install(small, { using: 'small' });
    let called = 0;

    const sums = await Promise.all(
      Array.from({ length: 10_000 }, (_, index) =>
        connection.atomic(async () => {
          await connection.onCommit(() => {
            called += 1;
          });
          await small.query('SELECT 1 AS one', { type: 'SELECT' });
          return index;
        }),
      ),
    );

    expect(sums).to.have.length(10_000);
    expect(called).to.equal(10_000);
    expect(poolOf(small).size).to.be.at.most(5);
    expectIdlePool(small);
    connection.uninstall();
  });
});
