import { expect } from 'chai';
import { DataTypes, ForeignKeyConstraintError, Transaction } from 'sequelize';
import {
  atomic,
  defer,
  install,
  onCommit,
  postCommit,
  postRollback,
  type TransactionManagementError,
  transaction,
} from 'sequelize-signals';
import { assertNoLeaks, recordSignal, testTransaction } from 'sequelize-signals/testing';
import { describeOnEachDatabase } from '../support/databases.js';
import { deferred } from '../support/deferred.js';
import { rejectionOf } from '../support/rejection.js';
import { forgetLeaks } from './forget-leaks.js';
import { GuestBook } from './guest-book.js';

describeOnEachDatabase('testTransaction()', (database) => {
  let book: GuestBook;
  let onStatement: (sql: string) => void = () => {};
  const test = testTransaction();

  before(async () => {
    book = await GuestBook.open(database, (sql) => onStatement(sql));
  });
  afterEach(() => {
    onStatement = () => {};
  });
  after(() => book.close());

  describe('#rollback()', () => {
    beforeEach(() => test.begin());
    afterEach(async () => {
      expect(await book.storedNames()).to.deep.equal([]);
    });

    it('leaves nothing of what a block wrote (D-300)', async () => {
      await atomic(() => book.write('Ada'));

      expect(await book.names()).to.deep.equal(['Ada']);
      await test.rollback();
    });

    it('leaves nothing of what was written outside of a block', async () => {
      await book.write('Ada');

      expect(await book.names()).to.deep.equal(['Ada']);
      await test.rollback();
    });

    it('leaves nothing of a transaction of Sequelize', async () => {
      const t = await book.sequelize.transaction();
      await book.Guest.create({ name: 'Ada' }, { transaction: t });
      await t.commit();
      await book.sequelize.transaction((t) =>
        book.Guest.create({ name: 'Ben' }, { transaction: t }),
      );

      expect(await book.names()).to.deep.equal(['Ada', 'Ben']);
      await test.rollback();
    });

    it('leaves nothing of a findOrCreate()', async () => {
      await book.Guest.findOrCreate({ where: { name: 'Ada' } });
      const [, created] = await book.Guest.findOrCreate({ where: { name: 'Ada' } });

      expect(created).to.equal(false);
      await test.rollback();
    });

    it('ends the blocks that are still open, and refuses what they do later', async () => {
      const wrote = deferred();
      const testIsOver = deferred();
      const forgotten = atomic(async function forgotten() {
        await book.write('Ada');
        wrote.resolve();
        await testIsOver.promise;
        await book.write('Ben');
      });
      await wrote.promise;

      await test.rollback();
      testIsOver.resolve();

      const error = await rejectionOf<TransactionManagementError>(forgotten);
      expect(error.code).to.equal('SIGNALS_TRANSACTION_ENDED');
    });

    it('ends a transaction that is just being begun', async () => {
      const sent = deferred();
      onStatement = (sql) => {
        if (/ SAVEPOINT /.test(sql)) sent.resolve();
      };
      const beginning = book.sequelize.transaction();
      await sent.promise;

      await test.rollback();

      await rejectionOf(beginning.then((t) => t.commit()));
    });

    it('refuses what waited for its turn', async () => {
      const t = await book.sequelize.transaction();
      const waiting = book.write('Ada');

      await test.rollback();

      const error = await rejectionOf<TransactionManagementError>(waiting);
      expect(error.code).to.equal('SIGNALS_TRANSACTION_ENDED');
      await rejectionOf(t.commit());
    });

    it('lets assertNoLeaks() tell of the blocks that it ended', async () => {
      forgetLeaks();
      await book.sequelize.transaction();

      await test.rollback();

      expect(() => assertNoLeaks()).to.throw(/transaction #\d+ was open when .* its test ended/);
    });

    it('rejects when there was no begin()', async () => {
      await test.rollback();

      const error = await rejectionOf<TransactionManagementError>(test.rollback());
      expect(error.code).to.equal('SIGNALS_TRANSACTION_MISUSED');
    });
  });

  describe('inside', () => {
    beforeEach(() => test.begin());
    afterEach(() => test.rollback());

    it('runs callbacks at the end of the outermost block of the application', async () => {
      const order: string[] = [];

      await atomic(async () => {
        await atomic(() => onCommit(async () => order.push(...(await book.names()))));
        await book.write('Ada');
        order.push('body');
      });
      order.push('after');

      expect(order).to.deep.equal(['body', 'Ada', 'after']);
    });

    it('is not a block: callbacks run at once, and there is no current transaction', async () => {
      const onCommitRan = await new Promise((resolve) => void onCommit(() => resolve(true)));

      expect(onCommitRan).to.equal(true);
      expect(transaction.inAtomicBlock()).to.equal(false);
      expect(transaction.current()).to.equal(undefined);
      expect(defer((a: number) => a + 1, 1)).to.equal(2);
    });

    it('allows a durable block, and none inside it (D-301)', async () => {
      await atomic({ durable: true }, async () => {
        await book.write('Ada');
        const error = await rejectionOf<TransactionManagementError>(
          atomic({ durable: true }, async () => {}),
        );
        expect(error.code).to.equal('SIGNALS_DURABLE');
      });

      expect(await book.names()).to.deep.equal(['Ada']);
    });

    it('undoes a durable block by itself, whatever it says of savepoints (D-226)', async () => {
      await atomic(() => book.write('Ada'));
      for (const savepoint of [true, false]) {
        await rejectionOf(
          atomic({ durable: true, savepoint }, async () => {
            await book.write('Ben');
            throw new Error('no');
          }),
        );
      }

      expect(await book.names()).to.deep.equal(['Ada']);
    });

    it('undoes what one block wrote and keeps what others did', async () => {
      await atomic(() => book.write('Ada'));
      await rejectionOf(
        atomic(async () => {
          await book.write('Ben');
          throw new Error('no');
        }),
      );
      await atomic(async () => {
        await rejectionOf(
          atomic(async () => {
            await book.write('Cyd');
            throw new Error('no');
          }),
        );
        await book.write('Dan');
      });

      expect(await book.names()).to.deep.equal(['Ada', 'Dan']);
    });

    it('goes on after a query that failed outside of a block', async () => {
      await book.write('Ada');

      await rejectionOf(book.write('Ada'));
      await rejectionOf(book.sequelize.query('SELECT nonsense FROM nowhere'));

      expect(await book.names()).to.deep.equal(['Ada']);
    });

    it('goes on after a query that failed in a block', async () => {
      await rejectionOf(atomic(() => book.sequelize.query('SELECT nonsense FROM nowhere')));

      await atomic(() => book.write('Ada'));

      expect(await book.names()).to.deep.equal(['Ada']);
    });

    it('lets blocks that run side by side take turns', async () => {
      const failing = atomic(async () => {
        await book.write('Ada');
        await book.write('Ben');
        throw new Error('no');
      });
      const others = ['Cyd', 'Dan', 'Eve'].map((name) => atomic(() => book.write(name)));
      const stray = book.write('Fay');

      await rejectionOf(failing);
      await Promise.all([...others, stray]);

      expect((await book.names()).sort()).to.deep.equal(['Cyd', 'Dan', 'Eve', 'Fay']);
    });

    it('runs queries of transaction.outside() at once, also when one fails', async () => {
      const seen = await atomic(async () => {
        await book.write('Ada');
        await transaction.outside(() => book.write('Ben'));
        await rejectionOf(transaction.outside(() => book.write('Ben')));
        await book.write('Cyd');
        return transaction.outside(() => book.names());
      });

      expect(seen).to.deep.equal(['Ada', 'Ben', 'Cyd']);
    });

    it('runs a block of its own inside another block at once', async () => {
      const order: string[] = [];
      await atomic(async () => {
        await book.write('Ada');
        await transaction.outside(async () => {
          await atomic({ durable: true }, async () => {
            await book.write('Ben');
            await onCommit(() => order.push('Ben'));
          });
        });
        order.push('body');
        await book.write('Cyd');
      });

      expect(order).to.deep.equal(['Ben', 'body']);
      expect(await book.names()).to.deep.equal(['Ada', 'Ben', 'Cyd']);
    });

    it('runs a transaction of Sequelize inside a block at once', async () => {
      await atomic(async () => {
        await book.write('Ada');
        await book.sequelize.transaction(async (t) => {
          await book.Guest.create({ name: 'Ben' }, { transaction: t });
        });
        const t = await book.sequelize.transaction();
        await book.Guest.create({ name: 'Cyd' }, { transaction: t });
        await t.rollback();
      });

      expect(await book.names()).to.deep.equal(['Ada', 'Ben']);
    });

    it('tells of a write that a transaction beside the block took with it', async () => {
      const block = atomic(async () => {
        const t = await book.sequelize.transaction();
        await book.write('Ada');
        await t.rollback();
      });

      const error = await rejectionOf<TransactionManagementError>(block);
      expect(error.code).to.equal('SIGNALS_ROLLED_BACK');
      expect(error.cause).to.include({ code: 'SIGNALS_TRANSACTION_OVERLAP' });
      expect(await book.names()).to.deep.equal([]);
    });

    it('keeps a write beside a transaction that is committed', async () => {
      await atomic(async () => {
        const t = await book.sequelize.transaction();
        await book.Guest.create({ name: 'Ada' }, { transaction: t });
        await book.write('Ben');
        await t.commit();
      });

      expect(await book.names()).to.deep.equal(['Ada', 'Ben']);
    });

    it('reads at once while a transaction waits for its commit()', async () => {
      const t = await book.sequelize.transaction();
      await book.Guest.create({ name: 'Ada' }, { transaction: t });

      await book.names();
      await rejectionOf(book.sequelize.query('SELECT nonsense FROM nowhere'));
      await t.commit();

      expect(await book.names()).to.deep.equal(['Ada']);
    });

    it('rolls back a transaction of Sequelize by itself', async () => {
      await book.write('Ada');
      const t = await book.sequelize.transaction();
      await book.Guest.create({ name: 'Ben' }, { transaction: t });
      await t.rollback();

      expect(await book.names()).to.deep.equal(['Ada']);
    });

    it('ignores what can only be said to a real transaction', async () => {
      await atomic({ isolationLevel: Transaction.ISOLATION_LEVELS.SERIALIZABLE }, () =>
        book.write('Ada'),
      );
      await atomic({ type: Transaction.TYPES.IMMEDIATE }, () => book.write('Ben'));

      expect(await book.names()).to.deep.equal(['Ada', 'Ben']);
    });
  });

  it('sends postCommit and postRollback for the blocks of the application alone', async () => {
    using committed = recordSignal(postCommit);
    using rolledBack = recordSignal(postRollback);
    await test.begin();
    await atomic(() => book.write('Ada'));
    await rejectionOf(
      atomic(async () => {
        await book.write('Ben');
        throw new Error('no');
      }),
    );
    await test.rollback();

    expect([committed.count, rolledBack.count]).to.deep.equal([1, 1]);
  });

  it('begins inside the one that is open', async () => {
    await test.begin();
    await book.write('Ada');
    await test.begin();
    await atomic(() => book.write('Ben'));
    expect(await book.names()).to.deep.equal(['Ada', 'Ben']);

    await test.rollback();
    expect(await book.names()).to.deep.equal(['Ada']);

    await test.rollback();
    expect(await book.storedNames()).to.deep.equal([]);
  });

  it('rolls back with those inside it', async () => {
    const inner = testTransaction();
    await test.begin();
    await inner.begin();
    await book.write('Ada');

    await test.rollback();
    await inner.rollback();

    expect(await book.storedNames()).to.deep.equal([]);
    await atomic(() => book.write('Ada'));
    expect(await book.storedNames()).to.deep.equal(['Ada']);
    await book.Guest.destroy({ where: {} });
  });

  it('keeps the database from being uninstalled', async () => {
    await test.begin();

    expect(() => book.connection.uninstall()).to.throw(/in the transaction of a test/);

    await test.rollback();
  });

  describe("{ onCommit: 'hold' }", () => {
    testTransaction.hooks({ beforeEach, afterEach }, { onCommit: 'hold' });

    it('never runs a callback, as in Django (D-300)', async () => {
      const ran: string[] = [];
      await atomic(async () => {
        await book.write('Ada');
        await onCommit(() => ran.push('in a block'));
        defer(() => ran.push('deferred'));
      });
      await onCommit(() => ran.push('outside'));

      expect(ran).to.deep.equal([]);
      expect(await book.names()).to.deep.equal(['Ada']);
    });
  });

  it('is for one database', async () => {
    const other = install(database.connect(), { using: 'other' });
    const inOther = testTransaction({ using: 'other' });
    await inOther.begin();
    await atomic(() => book.write('Ada'));
    await inOther.rollback();
    other.uninstall();

    expect(await book.names()).to.deep.equal(['Ada']);
    await book.Guest.destroy({ where: {} });
  });

  it('refuses wrong options at the call', async () => {
    const given = testTransaction as (options: unknown) => unknown;

    expect(() => given({ onCommit: 'drop' })).to.throw(TypeError, /'run' or 'hold'/);
    expect(() => given({ alias: 'default' })).to.throw(TypeError, /"alias"/);
    expect(await rejectionOf(testTransaction({ using: 'nowhere' }).begin())).to.include({
      code: 'SIGNALS_NOT_INSTALLED',
    });
  });

  describe('hooks()', () => {
    it('rolls back what was begun, and nothing when begin() failed', async () => {
      const hooks: (() => Promise<void>)[] = [];
      const register = (hook: () => Promise<void>) => hooks.push(hook);
      testTransaction.hooks({ beforeEach: register, afterEach: register }, { using: 'nowhere' });
      const [begin, rollback] = hooks;

      expect(await rejectionOf(begin?.() ?? Promise.resolve())).to.be.instanceOf(Error);
      await rollback?.();
    });

    testTransaction.hooks({ beforeEach: before, afterEach: after });
    before(() => book.write('fixture'));

    describe('in a suite inside', () => {
      testTransaction.hooks({ beforeEach, afterEach });

      for (const name of ['Ada', 'Ben']) {
        it(`starts from the fixture alone when the test writes ${name}`, async () => {
          expect(await book.names()).to.deep.equal(['fixture']);

          await atomic(() => book.write(name));
        });
      }
    });
  });

  if (database.dialect === 'postgres' || database.dialect === 'sqlite') {
    it('checks deferred constraints where a COMMIT would (D-302)', async () => {
      await book.sequelize.query(
        'CREATE TABLE "Visit" (guest integer REFERENCES "Guests" (id) DEFERRABLE INITIALLY DEFERRED)',
      );
      await test.begin();

      const error = await rejectionOf(
        atomic(() => book.sequelize.query('INSERT INTO "Visit" VALUES (1)')),
      );
      await atomic(async () => {
        await book.sequelize.query('INSERT INTO "Visit" VALUES (7)');
        await book.sequelize.query(`INSERT INTO "Guests" (id, name) VALUES (7, 'Ada')`);
      });

      expect(error).to.be.instanceOf(ForeignKeyConstraintError);
      expect(await book.names()).to.deep.equal(['Ada']);
      await test.rollback();
      await book.sequelize.query('DROP TABLE "Visit"');
    });
  }

  if (database.dialect === 'postgres') {
    it('rejects the commit of a transaction in which the server refuses everything (D-254)', async () => {
      await test.begin();
      const t = await book.sequelize.transaction();
      await rejectionOf(book.sequelize.query('SELECT nonsense', { transaction: t }));

      const error = await rejectionOf<TransactionManagementError>(t.commit());

      expect(error.code).to.equal('SIGNALS_ROLLED_BACK');
      await test.rollback();
    });
  }

  if (database.dialect === 'postgres') {
    it('goes on after work beside a broken block, which the server refuses', async () => {
      await test.begin();
      await rejectionOf(
        atomic(async () => {
          const error = await rejectionOf(book.sequelize.query('SELECT nonsense'));
          await rejectionOf(transaction.outside(() => book.write('Ada')));
          throw error;
        }),
      );

      await book.write('Ben');

      expect(await book.names()).to.deep.equal(['Ben']);
      await test.rollback();
    });
  }

  if (database.dialect === 'mysql' || database.dialect === 'mariadb') {
    it('rejects a block in which a statement committed the transaction', async () => {
      await test.begin();
      const Other = book.sequelize.define('Other', { name: DataTypes.STRING });

      const error = await rejectionOf(atomic(() => Other.sync()));

      expect(error).to.include({ code: 'SIGNALS_IMPLICIT_COMMIT' });
      expect((error.cause as Error).message).to.match(/SAVEPOINT .* does not exist/);
      await rejectionOf(test.rollback());
      await Other.drop();
    });

    it('tells of a statement that committed the transaction', async () => {
      await test.begin();
      await book.sequelize.define('Other', { name: DataTypes.STRING }).sync();

      const error = await rejectionOf<TransactionManagementError>(test.rollback());

      expect(error.code).to.equal('SIGNALS_TRANSACTION_ENDED');
      expect(error.message).to.include('CREATE');
      expect(error.cause).to.be.instanceOf(Error);
    });
  }
});
