import { expect } from 'chai';
import { Sequelize, Transaction } from 'sequelize';
import { atomic, onCommit, postRollback, transaction } from 'sequelize-signals';
import { replace } from 'sinon';
import { describeInEachContext } from '../support/contexts.js';
import { describeOnEachDatabase } from '../support/databases.js';
import { deferred } from '../support/deferred.js';
import { Ledger } from '../support/ledger.js';
import { expectIdlePool, expectNoSessionInTransaction, poolOf } from '../support/pool.js';
import { rejectionOf } from '../support/rejection.js';

type Begin = (...parameters: unknown[]) => Promise<unknown>;

/** What an application does around `sequelize.transaction()`, and how it puts that in its place. */
const OVERRIDES: Readonly<Record<string, (sequelize: Sequelize, around: Around) => void>> = {
  'of a subclass': (sequelize, around) => {
    class Application extends Sequelize {
      // biome-ignore lint/suspicious/noExplicitAny: Sequelize declares three forms of the method.
      override transaction(...parameters: any[]): Promise<any> {
        return around((...given) => super.transaction(...(given as [])), parameters);
      }
    }
    Object.setPrototypeOf(sequelize, Application.prototype);
  },
  'patched on the prototype': (_sequelize, around) => {
    const { transaction: original } = Sequelize.prototype;
    replace(Sequelize.prototype, 'transaction', function (
      this: Sequelize,
      ...parameters: unknown[]
    ) {
      return around((...given) => original.apply(this, given as []), parameters);
    } as typeof original);
  },
  'of the instance': (sequelize, around) => {
    const original = sequelize.transaction.bind(sequelize) as Begin;
    Object.assign(sequelize, {
      transaction: (...parameters: unknown[]) => around(original, parameters),
    });
  },
};

type Around = (begin: Begin, parameters: unknown[]) => Promise<unknown>;

describeOnEachDatabase("an application's own transaction()", (database) => {
  for (const [where, override] of Object.entries(OVERRIDES)) {
    describeInEachContext(where, (context) => {
      let sequelize: Sequelize;
      let ledger: Ledger;
      let calls: number;

      beforeEach(async () => {
        calls = 0;
        sequelize = database.connect();
        override(sequelize, (begin, parameters) => {
          calls += 1;
          return begin(...parameters);
        });
        context.install(sequelize);
        ledger = await Ledger.open(sequelize);
      });
      afterEach(async () => {
        expectIdlePool(sequelize);
        await expectNoSessionInTransaction(sequelize);
        context.leave();
      });

      it('is called for each transaction of Sequelize', async () => {
        await sequelize.transaction(async (t) => {
          await sequelize.transaction({ transaction: t }, async () => {});
        });
        await (await sequelize.transaction()).rollback();

        expect(calls).to.equal(3);
      });

      it('makes transactions that commit, with their callbacks and what joined them', async () => {
        const result = await sequelize.transaction(async (t) => {
          expect(t).to.be.instanceOf(Transaction);
          expect(transaction.current()).to.equal(t);
          await ledger.do('joined');
          t.afterCommit(ledger.callback('named'));
          await ledger.write('named', t);
          await atomic(() => ledger.do('nested'));
          expect(ledger.called).to.deep.equal([]);
          return 42;
        });

        expect(result).to.equal(42);
        await ledger.expectDone(['joined', 'named', 'nested'], ['joined', 'named', 'nested']);
      });

      it('makes transactions that roll back, and tell why', async () => {
        const told: unknown[] = [];
        using _receiver = postRollback.connect(({ error }) => {
          told.push(error);
        });

        const error = await rejectionOf(
          sequelize.transaction(async (t) => {
            await ledger.do('undone');
            await ledger.write('undone as well', t);
            throw new Error('of the function');
          }),
        );

        expect(error.message).to.equal('of the function');
        expect(told).to.deep.equal([error]);
        await ledger.expectDone([]);
      });

      it('makes savepoints, which run one after another (S6)', async () => {
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

        await ledger.expectDone(['second', 'third'], []);
      });

      it('makes transactions that are ended by hand', async () => {
        const kept = await sequelize.transaction();
        const savepoint = await sequelize.transaction({ transaction: kept });
        await ledger.write('undone', savepoint);
        await savepoint.rollback();
        await ledger.write('kept', kept);
        await onCommit(ledger.callback('kept'), { transaction: kept });
        await kept.commit();
        const undone = await sequelize.transaction();
        await ledger.write('undone', undone);
        await undone.rollback();

        await ledger.expectDone(['kept']);
      });

      it('leaves findOrCreate() and atomic() as they are', async () => {
        await ledger.entries.findOrCreate({ where: { name: 'found' } });
        await atomic(async () => {
          await ledger.entries.findOrCreate({ where: { name: 'found in a block' } });
        });

        await ledger.expectDone(['found', 'found in a block'], []);
      });
    });
  }

  describeInEachContext('that does more than to call the one of Sequelize', (context) => {
    afterEach(() => context.leave());

    it('may choose the options, and send queries before and after the function', async () => {
      const sequelize = database.connect();
      OVERRIDES['of the instance']?.(sequelize, (begin, parameters) => {
        const [body] = parameters as [(t: Transaction) => Promise<unknown>];
        const { READ_COMMITTED: isolationLevel } = Transaction.ISOLATION_LEVELS;
        return begin({ isolationLevel }, async (t: Transaction) => {
          expect(t).to.have.nested.property('options.isolationLevel', isolationLevel);
          await ledger.write('before', t);
          await body(t);
          await ledger.write('after', t);
          throw new Error('of the application');
        });
      });
      context.install(sequelize);
      const ledger = await Ledger.open(sequelize);

      const error = await rejectionOf(sequelize.transaction(() => ledger.do('function')));

      expect(error.message).to.equal('of the application');
      await ledger.expectDone([]);
    });

    it('is called with the instance, private fields and all', async () => {
      class Application extends Sequelize {
        #calls = 0;
        // biome-ignore lint/suspicious/noExplicitAny: Sequelize declares three forms of the method.
        override transaction(...parameters: any[]): Promise<any> {
          this.#calls += 1;
          return super.transaction(...(parameters as []));
        }
        get calls(): number {
          return this.#calls;
        }
      }
      const sequelize = new Application({ dialect: 'sqlite', storage: ':memory:', logging: false });
      context.install(sequelize);

      await sequelize.transaction(async () => {});

      expect(sequelize.calls).to.equal(1);
      await sequelize.close();
    });

    it('has the class of transactions left as it was, once it is uninstalled', () => {
      const { prepareEnvironment } = Transaction.prototype as never;
      const sequelize = database.connect();
      OVERRIDES['of the instance']?.(sequelize, (begin, parameters) => begin(...parameters));

      context.install(sequelize);
      context.leave();

      expect(Transaction.prototype).to.have.property('prepareEnvironment', prepareEnvironment);
      expect(Object.hasOwn(sequelize, 'constructor')).to.equal(false);
    });
  });
});

describeOnEachDatabase("an application's own commit() and rollback()", (database) => {
  describeInEachContext('of the prototype', (context) => {
    let sequelize: Sequelize;
    let ledger: Ledger;
    const calls: string[] = [];

    before(async () => {
      sequelize = database.connect();
      context.install(sequelize);
      ledger = await Ledger.open(sequelize);
    });
    beforeEach(async () => {
      await ledger.clear();
      calls.length = 0;
      for (const ending of ['commit', 'rollback'] as const) {
        const original = Transaction.prototype[ending];
        replace(Transaction.prototype, ending, async function (this: Transaction) {
          calls.push(`${ending} begins`);
          await original.call(this);
          calls.push(`${ending} is done, finished: ${(this as { finished?: string }).finished}`);
        });
      }
    });
    afterEach(() => expectIdlePool(sequelize));
    after(async () => {
      await expectNoSessionInTransaction(sequelize);
      context.leave();
    });

    it('run around the end of a transaction with a function', async () => {
      await sequelize.transaction(() => ledger.do('stored'));
      await rejectionOf(
        sequelize.transaction(async () => {
          await ledger.do('undone');
          throw new Error('of the function');
        }),
      );

      expect(calls).to.deep.equal([
        'commit begins',
        'commit is done, finished: commit',
        'rollback begins',
        'rollback is done, finished: rollback',
      ]);
      await ledger.expectDone(['stored']);
    });

    it('run around the end of one that is ended by hand, and of its savepoints', async () => {
      const outer = await sequelize.transaction();
      const kept = await sequelize.transaction({ transaction: outer });
      await ledger.write('kept', kept);
      await kept.commit();
      const undone = await sequelize.transaction({ transaction: outer });
      await ledger.write('undone', undone);
      await undone.rollback();
      await outer.commit();

      expect(calls.filter((call) => call.endsWith('begins'))).to.deep.equal([
        'commit begins',
        'rollback begins',
        'commit begins',
      ]);
      await ledger.expectDone(['kept'], []);
    });

    it('are not asked for the blocks of atomic(), which are none of theirs', async () => {
      await atomic(() => ledger.do('stored'));

      expect(calls).to.deep.equal([]);
    });

    if (database.dialect !== 'sqlite') {
      it('do not give a connection back that somebody else has by then', async () => {
        const small = database.connect({ pool: { max: 1 } });
        context.install(small, { using: 'small' });
        const [begun, release] = [deferred(), deferred()];
        let other: Promise<unknown> | undefined;

        await small.transaction(async (t) => {
          other = small.transaction(async () => {
            begun.resolve();
            await release.promise;
          });
          await onCommit(() => begun.promise, { transaction: t, using: small });
        });
        const { using } = poolOf(small);
        release.resolve();
        await other;

        expect(using).to.equal(1);
      });
    }
  });
});
