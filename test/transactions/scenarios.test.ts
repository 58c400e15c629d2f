import { expect } from 'chai';
import { createNamespace, destroyNamespace, type Namespace } from 'cls-hooked';
import { Sequelize } from 'sequelize';
import {
  atomic,
  type Connection,
  configure,
  onCommit,
  RolledBackError,
  TransactionManagementError,
  transaction,
} from 'sequelize-signals';
import { fake, replace, useFakeTimers } from 'sinon';
import { describeInEachContext } from '../support/contexts.js';
import { describeOnEachDatabase } from '../support/databases.js';
import { addDebts, defersForeignKeys, owe } from '../support/debts.js';
import { deferred } from '../support/deferred.js';
import { Ledger } from '../support/ledger.js';
import { expectIdlePool } from '../support/pool.js';
import { rejectionOf } from '../support/rejection.js';

// The table in docs/transactions.md is made of the titles of these tests; docs.test.ts compares.
describeOnEachDatabase('scenario', (database) => {
  const isPostgres = database.dialect === 'postgres';
  const hasPool = database.dialect !== 'sqlite';
  const hasOneConnection = database.name === 'sqlite memory';

  describe('raw Sequelize 6', () => {
    let namespace: Namespace;
    let sequelize: Sequelize;
    let ledger: Ledger;

    before(async () => {
      namespace = createNamespace('raw');
      Sequelize.useCLS(namespace);
      sequelize = database.connect();
      ledger = await Ledger.open(sequelize);
    });
    beforeEach(() => ledger.clear());
    after(() => {
      delete (Sequelize as { _cls?: Namespace })._cls;
      destroyNamespace('raw');
    });

    if (defersForeignKeys(database)) {
      it('S1: runs the callback of a COMMIT that failed', async () => {
        replace(console, 'warn', fake()); // where Sequelize tells of the failed COMMIT
        // On SQLite it leaves the connection in its transaction, with all locks: one of its own.
        const own = isPostgres ? sequelize : database.connect({ storage: ':memory:' });
        const { callback, called } = await Ledger.open(own);
        await addDebts(own);

        const error = await rejectionOf(
          own.transaction(async (t) => {
            t.afterCommit(callback('paid'));
            await owe(own);
          }),
        );

        expect(error.name).to.equal('SequelizeForeignKeyConstraintError');
        expect(called).to.deep.equal(['paid']);
      });
    }

    it('S2: runs the callback of work that is then rolled back', async () => {
      await rejectionOf(
        sequelize.transaction(async (outer) => {
          await sequelize.transaction({ transaction: outer }, async (inner) => {
            inner.afterCommit(ledger.callback('inner'));
            await ledger.write('inner', inner);
          });
          throw new Error('outer');
        }),
      );

      await ledger.expectDone([], ['inner']);
    });

    it('S3: drops the callback', async () => {
      await sequelize.transaction(async (outer) => {
        await rejectionOf(
          sequelize.transaction({ transaction: outer }, async (inner) => {
            inner.afterCommit(ledger.callback('inner'));
            await ledger.write('inner', inner);
            throw new Error('inner');
          }),
        );
        await ledger.write('outer', outer);
      });

      await ledger.expectDone(['outer'], []);
    });

    it('S4: runs the callback before anything is committed', async () => {
      await sequelize.transaction(async (outer) => {
        await sequelize.transaction({ transaction: outer }, async (inner) => {
          inner.afterCommit(ledger.callback('callback'));
        });
        ledger.called.push('end of the outer function');
      });

      expect(ledger.called).to.deep.equal(['callback', 'end of the outer function']);
    });

    it('S5: rejects and drops the second callback, the row is stored', async () => {
      const error = await rejectionOf(
        sequelize.transaction(async (t) => {
          await ledger.write('stored');
          t.afterCommit(() => Promise.reject(new Error('first')));
          t.afterCommit(ledger.callback('second'));
        }),
      );

      expect(error.message).to.equal('first');
      await ledger.expectDone(['stored'], []);
    });

    it('S6: loses what the others wrote, and tells them that it succeeded', async () => {
      await sequelize.transaction(async (parent) => {
        const outcomes = await Promise.allSettled(
          ['failing', 'second', 'third'].map((name) =>
            sequelize.transaction({ transaction: parent }, async (sibling) => {
              await ledger.write(name, sibling);
              if (name === 'failing') throw new Error(name);
            }),
          ),
        );

        expect(outcomes.map(({ status }) => status)).to.deep.equal([
          'rejected',
          'fulfilled',
          'fulfilled',
        ]);
      });

      await ledger.expectDone([]);
    });

    it('S7: keeps the row of the level that was rolled back', async () => {
      await sequelize.transaction(async (level0) => {
        await ledger.write('level 0', level0);
        await rejectionOf(
          sequelize.transaction({ transaction: level0 }, async (level1) => {
            await ledger.write('level 1', level1);
            await sequelize.transaction({ transaction: level1 }, (level2) =>
              ledger.write('level 2', level2),
            );
            throw new Error('level 1');
          }),
        );
      });

      await ledger.expectDone(['level 0', 'level 1'], []);
    });

    it('S8: loses the callback without a word', async () => {
      const ended = await sequelize.transaction(async (t) => t);

      ended.afterCommit(ledger.callback('late'));

      await ledger.expectDone([]);
    });

    it('S9: runs it after all others', async () => {
      await sequelize.transaction(async (t) => {
        t.afterCommit(() => t.afterCommit(ledger.callback('from the first')));
        t.afterCommit(ledger.callback('second'));
      });

      expect(ledger.called).to.deep.equal(['second', 'from the first']);
    });

    it('S10: sends the query outside of any transaction', async () => {
      await sequelize.transaction(async (t) => {
        t.afterCommit(() => ledger.write('by the callback'));
      });

      await ledger.expectDone(['by the callback'], []);
    });

    it('S11: sends the query of the second database to the first one', async () => {
      const second = await Ledger.join(database.connect());

      const seen = await sequelize.transaction(async () => {
        await ledger.write('in the first database');
        return second.entries.count();
      });

      expect(seen).to.equal(1);
    });

    if (hasPool) {
      it('S13: takes a second connection each, until none is left', async () => {
        const small = database.connect({ pool: { max: 2, acquire: 300 } });

        const outcomes = await Promise.allSettled(
          [1, 2, 3].map(() => small.transaction(() => small.transaction(async () => {}))),
        );

        expect(outcomes.map(({ status }) => status)).to.include('rejected');
      });
    }

    it('S15: does not join it', async () => {
      const unmanaged = await sequelize.transaction();
      const current = namespace.get('transaction');
      await unmanaged.rollback();

      expect(current).to.equal(undefined);
    });

    it('S16: stores the late work, outside of any transaction', async () => {
      const ended = deferred();
      let late: Promise<void> | undefined;
      await sequelize.transaction(async () => {
        late = ended.promise.then(() => ledger.write('late'));
      });

      ended.resolve();
      await late;

      await ledger.expectDone(['late'], []);
    });

    it('S17: awaits them one after another', async () => {
      await sequelize.transaction(async (t) => {
        t.afterCommit(async () => {
          await ledger.entries.count();
          ledger.called.push('first');
        });
        t.afterCommit(ledger.callback('second'));
      });

      expect(ledger.called).to.deep.equal(['first', 'second']);
    });

    it('S18: runs it twice', async () => {
      const callback = ledger.callback('twice');

      await sequelize.transaction(async (t) => {
        t.afterCommit(callback);
        t.afterCommit(callback);
      });

      expect(ledger.called).to.deep.equal(['twice', 'twice']);
    });

    if (!hasOneConnection) {
      it('S19: takes the work beside it out of the transaction as well', async () => {
        const suspended = deferred();
        await rejectionOf(
          sequelize.transaction(async () => {
            await Promise.all([
              (async () => {
                namespace.set('transaction', null);
                suspended.resolve();
              })(),
              suspended.promise.then(() => ledger.write('beside')),
            ]);
            throw new Error('rolled back');
          }),
        );

        await ledger.expectDone(['beside'], []);
      });
    }

    it('S20: loses what the parent wrote, and commits', async () => {
      await sequelize.transaction(async (parent) => {
        await rejectionOf(
          sequelize.transaction({ transaction: parent }, async (child) => {
            await ledger.write('of the child', child);
            await ledger.write('of the parent', parent);
            throw new Error('child');
          }),
        );
      });

      await ledger.expectDone([]);
    });

    it('S21: runs both at once, on one stack of savepoints', async () => {
      await sequelize.transaction(async (parent) => {
        await sequelize.transaction({ transaction: parent }, async () => {
          await sequelize.transaction({ transaction: parent }, async (sibling) => {
            await ledger.write('of the sibling', sibling);
          });
        });
      });

      await ledger.expectDone(['of the sibling'], []);
    });

    if (!hasOneConnection) {
      it('S22: stores the late work, whatever becomes of the next transaction', async () => {
        const small = hasPool ? database.connect({ pool: { max: 1 } }) : sequelize;
        const started = deferred();
        let late: Promise<unknown> | undefined;
        await small.transaction(async () => {
          late = started.promise.then(() =>
            small.query("INSERT INTO entries (name) VALUES ('late')"),
          );
        });
        const next = small.transaction(async () => {
          started.resolve();
          throw new Error('next');
        });

        await Promise.allSettled([next, late]);

        await ledger.expectDone(['late'], []);
      });
    }

    if (isPostgres) {
      it('S23: reports success and runs the callback, and nothing is stored', async () => {
        await sequelize.transaction(async (t) => {
          await ledger.write('lost');
          t.afterCommit(ledger.callback('lost'));
          await rejectionOf(sequelize.query('SELECT 1 / 0'));
        });

        await ledger.expectDone([], ['lost']);
      });
    }

    it('T1: runs the callback', async () => {
      const aroundTheTest = await sequelize.transaction();
      await sequelize.transaction({ transaction: aroundTheTest }, async (t) => {
        t.afterCommit(ledger.callback('tested'));
        await ledger.write('tested', t);
      });
      await aroundTheTest.rollback();

      await ledger.expectDone([], ['tested']);
    });
  });

  describeInEachContext('sequelize-signals', (context) => {
    let connection: Connection;
    let sequelize: Sequelize;
    let ledger: Ledger;

    before(async () => {
      sequelize = database.connect();
      connection = context.install(sequelize);
      ledger = await Ledger.open(sequelize);
      if (defersForeignKeys(database)) await addDebts(sequelize);
    });
    beforeEach(() => ledger.clear());
    afterEach(() => expectIdlePool(sequelize));

    if (defersForeignKeys(database)) {
      it('S1: drops the callback and rejects with the error of COMMIT', async () => {
        const error = await rejectionOf(
          atomic(async (t) => {
            await ledger.do('paid');
            t.afterCommit(ledger.callback('of Sequelize'));
            await owe(sequelize);
          }),
        );

        expect(error.name).to.equal('SequelizeForeignKeyConstraintError');
        await ledger.expectDone([]);
      });
    }

    it('S2: drops the callback with the work', async () => {
      const error = await rejectionOf(
        atomic(async () => {
          await atomic(async (inner) => {
            await ledger.do('inner');
            inner.afterCommit(ledger.callback('of Sequelize'));
          });
          throw new Error('outer');
        }),
      );

      expect(error.message).to.equal('outer');
      await ledger.expectDone([]);
    });

    it('S3: drops the callback with its savepoint', async () => {
      await atomic(async () => {
        await rejectionOf(
          atomic(async () => {
            await ledger.do('inner');
            throw new Error('inner');
          }),
        );
        await ledger.do('outer');
      });

      await ledger.expectDone(['outer']);
    });

    it('S4: runs the callback once, after the outermost COMMIT', async () => {
      await atomic(async () => {
        await atomic(() => onCommit(ledger.callback('callback')));
        ledger.called.push('end of the outer function');
      });

      expect(ledger.called).to.deep.equal(['end of the outer function', 'callback']);
    });

    it('S5: rejects and drops the second callback as Django does, unless the first is robust', async () => {
      const logged = fake();
      configure({ logger: { error: logged, warn() {} } });
      const run = (name: string, robust: boolean) =>
        atomic(async () => {
          await ledger.write(name);
          await onCommit(() => Promise.reject(new Error('first')), { robust });
          await onCommit(ledger.callback(name));
        });

      const error = await rejectionOf(run('plain', false));
      await run('robust', true);
      configure({ logger: null });

      expect(error.message).to.equal('first');
      expect(logged.args).to.have.length(1);
      await ledger.expectDone(['plain', 'robust'], ['robust']);
    });

    it('S6: runs them one after another, and undoes the one that failed', async () => {
      await atomic(async () => {
        const outcomes = await Promise.allSettled(
          ['failing', 'second', 'third'].map((name) =>
            atomic(async () => {
              await ledger.do(name);
              if (name === 'failing') throw new Error(name);
            }),
          ),
        );

        expect(outcomes.map(({ status }) => status)).to.deep.equal([
          'rejected',
          'fulfilled',
          'fulfilled',
        ]);
      });

      await ledger.expectDone(['second', 'third']);
    });

    it('S7: undoes the level with all levels inside it', async () => {
      await atomic(async () => {
        await ledger.do('level 0');
        await rejectionOf(
          atomic(async () => {
            await ledger.do('level 1');
            await atomic(() => ledger.do('level 2'));
            throw new Error('level 1');
          }),
        );
      });

      await ledger.expectDone(['level 0']);
    });

    it('S8: refuses the callback', async () => {
      const ended = await atomic(async (t) => t);

      const error = await rejectionOf(() => ended.afterCommit(ledger.callback('late')));
      const other = await rejectionOf(onCommit(ledger.callback('late'), { transaction: ended }));

      expect(error).to.be.instanceOf(TransactionManagementError);
      expect(other).to.be.instanceOf(TransactionManagementError);
      await ledger.expectDone([]);
    });

    it('S9: runs it at once, in its place, and outside of a block as well', async () => {
      await atomic(async () => {
        await onCommit(() => onCommit(ledger.callback('from the first')));
        await onCommit(ledger.callback('second'));
      });
      await onCommit(ledger.callback('outside'));

      expect(ledger.called).to.deep.equal(['from the first', 'second', 'outside']);
    });

    it('S10: sends the query outside of any transaction, on a pool of one as well', async () => {
      const small = database.connect({ pool: { max: 1, acquire: 1000 } });
      const one = context.install(small, { using: 'small' });
      const entries = await Ledger.join(small);

      await one.atomic(async () => {
        await entries.write('by the block');
        await one.onCommit(async () => {
          expect(one.inAtomicBlock()).to.equal(false);
          await entries.write('by the callback');
        });
      });

      expect(await entries.rows()).to.deep.equal(['by the block', 'by the callback']);
      one.uninstall();
    });

    it('S11: sends each query to its own database', async () => {
      const other = context.install(database.connect(), { using: 'other' });
      const second = await Ledger.join(other.sequelize);

      const seen = await atomic(async () => {
        await ledger.write('in the first database');
        return second.entries.count();
      });

      expect(seen).to.equal(0);
      other.uninstall();
    });

    if (hasPool) {
      it('S13: nests in the transaction that is there, however small the pool', async () => {
        const small = context.install(database.connect({ pool: { max: 2, acquire: 1000 } }), {
          using: 'small',
        });
        const write = (name: string) =>
          small.sequelize.query(`INSERT INTO entries (name) VALUES ('${name}')`);

        await Promise.all(
          ['1', '2', '3'].map((name) => small.atomic(() => small.atomic(() => write(name)))),
        );

        expect(await ledger.rows()).to.have.members(['1', '2', '3']);
        small.uninstall();
      });
    }

    it('S15: joins it where it is named', async () => {
      const unmanaged = await sequelize.transaction();
      expect(connection.inAtomicBlock()).to.equal(false);
      await onCommit(ledger.callback('on commit'), { transaction: unmanaged });
      await atomic({ transaction: unmanaged }, () => ledger.do('nested'));
      expect(ledger.called).to.deep.equal([]);
      await unmanaged.commit();

      await ledger.expectDone(['nested'], ['on commit', 'nested']);
    });

    it('S16: refuses the late work, unless it was started outside', async () => {
      const ended = deferred();
      let late: Promise<Error> | undefined;
      let outside: Promise<void> | undefined;
      await atomic(async () => {
        late = rejectionOf(ended.promise.then(() => ledger.write('late')));
        outside = transaction.outside(() => ended.promise.then(() => ledger.write('outside')));
      });

      ended.resolve();
      const [error] = await Promise.all([late, outside]);

      expect(error).to.be.instanceOf(TransactionManagementError);
      await ledger.expectDone(['outside'], []);
    });

    it('S17: awaits the callbacks one after another', async () => {
      await atomic(async () => {
        await onCommit(async () => {
          await ledger.entries.count();
          ledger.called.push('first');
        });
        await onCommit(ledger.callback('second'));
      });

      expect(ledger.called).to.deep.equal(['first', 'second']);
    });

    it('S18: runs the callback twice', async () => {
      const callback = ledger.callback('twice');

      await atomic(async () => {
        await onCommit(callback);
        await onCommit(callback);
      });

      expect(ledger.called).to.deep.equal(['twice', 'twice']);
    });

    if (!hasOneConnection) {
      it('S19: takes only the work itself out of the transaction', async () => {
        const suspended = deferred();
        const error = await rejectionOf(
          atomic(async () => {
            await Promise.all([
              transaction.outside(async () => {
                suspended.resolve();
                expect(await ledger.entries.count()).to.equal(0);
              }),
              suspended.promise.then(() => ledger.write('beside')),
            ]);
            throw new Error('rolled back');
          }),
        );

        expect(error.message).to.equal('rolled back');
        await ledger.expectDone([]);
      });
    }

    it('S20: rejects with an error that names both blocks, and rolls back', async () => {
      const error = await rejectionOf<TransactionManagementError>(
        atomic(async function parent() {
          const isOpen = deferred();
          const isOverlapped = deferred();
          const running = rejectionOf(
            atomic(async function child() {
              await ledger.do('of the child');
              isOpen.resolve();
              await isOverlapped.promise;
              throw new Error('child');
            }),
          );
          await isOpen.promise;
          await ledger.write('of the parent');
          isOverlapped.resolve();
          await running;
        }),
      );

      expect(error).to.be.instanceOf(RolledBackError);
      expect(error.cause).to.include({ code: 'SIGNALS_TRANSACTION_OVERLAP' });
      expect((error.cause as Error).message).to.match(/"parent".*"child"/);
      await ledger.expectDone([]);
    });

    it('S21: warns after ten seconds with the names of both blocks', async () => {
      const warned = fake();
      configure({ logger: { error() {}, warn: warned } });
      const clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const release = deferred();

      const block = atomic(async () => {
        let second: Promise<unknown> = Promise.resolve();
        const first = atomic(async function first() {
          await Promise.race([second, release.promise]);
        });
        second = atomic(async function second() {});
        await Promise.all([first, second]);
      });
      await clock.tickAsync(9_999);
      expect(warned.args).to.deep.equal([]);
      await clock.tickAsync(1);
      configure({ logger: null });
      release.resolve();
      await block;

      expect(warned.args).to.have.length(1);
      expect(warned.args[0]?.[0]).to.match(/"second" has waited 10 seconds for .*"first"/);
    });

    it('S22: refuses the late work, and keeps it out of the next transaction', async () => {
      const started = deferred();
      let late: Promise<Error> | undefined;
      await atomic(async () => {
        late = rejectionOf(started.promise.then(() => ledger.write('late')));
      });

      await atomic(async () => {
        await ledger.write('next');
        started.resolve();
        expect(await late).to.be.instanceOf(TransactionManagementError);
      });

      await ledger.expectDone(['next'], []);
    });

    it('S23: rejects with the swallowed error as cause, and runs no callback', async () => {
      let swallowed: Error | undefined;
      const error = await rejectionOf(
        atomic(async () => {
          await ledger.do('lost');
          swallowed = await rejectionOf(sequelize.query('SELECT * FROM no_such_table'));
        }),
      );

      expect(error).to.be.instanceOf(RolledBackError);
      expect(error.cause).to.equal(swallowed);
      await ledger.expectDone([]);
    });

    it('T1: drops the callback with the work', async () => {
      await rejectionOf(
        atomic(async function aroundTheTest() {
          await atomic(() => ledger.do('tested'));
          throw new Error('the test is over');
        }),
      );

      await ledger.expectDone([]);
    });
  });
});
