import { expect } from 'chai';
import { type Dialect, QueryTypes, type Sequelize, type Transaction } from 'sequelize';
import { atomic, type Connection, install, onCommit, RolledBackError } from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { FaultyProxy } from '../support/faulty-proxy.js';
import { FORMS } from '../support/forms.js';
import { Ledger } from '../support/ledger.js';
import { expectIdlePool } from '../support/pool.js';
import { refusal } from '../support/refusals.js';
import { rejectionOf } from '../support/rejection.js';
import { Statements } from '../support/statements.js';

/** Errors with which a server ends the whole transaction, or the session. */
const ENDING: Partial<Record<Dialect, readonly (string | number)[]>> = {
  postgres: ['08006', '25P03', '25P04', '57P01', '57P02', '57P05'],
  mysql: [1020, 1053, 1206, 1213, 3101],
  mariadb: [1020, 1053, 1206, 1213, 1927, 3101],
};

/** Some of those that undo a statement, or what came after a savepoint. */
const FORGIVEN: Partial<Record<Dialect, readonly (string | number)[]>> = {
  postgres: ['25006', '40001', '40002', '53100', '55P03', '57014'],
  mysql: [1114, 1205, 1317, 1969],
  mariadb: [1114, 1205, 1317, 1969],
};

/** More than there is room for. Of two rows, SQLite can undo the first without the transaction. */
const FILL = `INSERT INTO entries (name)
  VALUES (hex(zeroblob(100000))), (hex(zeroblob(200000)))`;

/** Writes for about a second, if nobody interrupts it. */
const LONG_WRITE = `INSERT INTO entries (name) WITH RECURSIVE numbers (n) AS
  (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT 3000000) SELECT n FROM numbers`;
const LONG_READ = `WITH RECURSIVE numbers (n) AS
  (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT 10000000) SELECT COUNT(*) FROM numbers`;

describeOnEachDatabase('an error of the server', (database) => {
  const statements = new Statements();
  let sequelize: Sequelize;
  let connection: Connection | undefined;
  let ledger: Ledger;

  before(async () => {
    sequelize = database.connect({ logging: statements.log });
    connection = install(sequelize);
    ledger = await Ledger.open(sequelize);
  });
  beforeEach(async () => {
    await ledger.clear();
    statements.clear();
  });
  afterEach(() => expectIdlePool(sequelize));
  after(() => connection?.uninstall());

  for (const form of FORMS) {
    describe(`in ${form.title}`, () => {
      for (const code of ENDING[database.dialect] ?? []) {
        it(`lets nothing more be sent when it is ${code}, and no savepoint saves it`, async () => {
          await expectEnd((t) =>
            sequelize.query(refusal(database.dialect, code), { transaction: t }),
          );
        });
      }

      for (const code of FORGIVEN[database.dialect] ?? []) {
        it(`is undone with its savepoint when it is ${code}`, async () => {
          await expectSavepoint((t) =>
            sequelize.query(refusal(database.dialect, code), { transaction: t }),
          );
        });
      }

      if (database.dialect === 'postgres') {
        it('is undone with its savepoint when a statement took too long', async () => {
          await expectSavepoint(async (t) => {
            await sequelize.query('SET LOCAL statement_timeout = 1', { transaction: t });
            await sequelize.query('SELECT pg_sleep(10)', { transaction: t });
          });
        });
      }

      if (database.dialect === 'sqlite') {
        it('lets nothing more be sent when a write was interrupted', async () => {
          await expectEnd((t) => interrupted(t, LONG_WRITE));
        });

        it('is undone with its savepoint when a read was interrupted', async () => {
          await expectSavepoint((t) => interrupted(t, LONG_READ));
        });

        it('is undone with its savepoint when the disk was full, and SQLite could go back', async () => {
          await expectSavepoint(async (t) => {
            await sequelize.query('PRAGMA max_page_count = 1', { transaction: t });
            await sequelize.query(FILL, { transaction: t });
          });
          await sequelize.query('PRAGMA max_page_count = 1000000');
        });

        it('lets nothing more be sent when the statement asked for a ROLLBACK', async () => {
          await expectEnd((t) =>
            sequelize.query("INSERT OR ROLLBACK INTO entries (name) VALUES ('before')", {
              transaction: t,
            }),
          );
        });

        it('lets nothing more be sent when a trigger asked for a ROLLBACK', async () => {
          await sequelize.query(`CREATE TEMP TABLE IF NOT EXISTS unused (id INTEGER)`);
          await sequelize.query(`CREATE TRIGGER IF NOT EXISTS refuse BEFORE INSERT ON entries
            WHEN NEW.name = 'refused' BEGIN SELECT RAISE(ROLLBACK, 'by the trigger'); END`);

          await expectEnd((t) => ledger.write('refused', t));
        });
      }
    });

    /** Checks that `fail` ends the transaction, whatever is made of its error. */
    async function expectEnd(fail: (t: Transaction) => Promise<unknown>): Promise<void> {
      let refused: Error | undefined;
      let later: Error | undefined;

      const error = await rejectionOf(
        form.run(sequelize, async (t) => {
          await ledger.write('before', t);
          await onCommit(ledger.callback('before'), { transaction: t });
          await rejectionOf(
            atomic({ transaction: t }, async (savepoint) => {
              refused = await rejectionOf(fail(savepoint));
              throw refused;
            }),
          );
          later = await rejectionOf(ledger.write('after', t));
        }),
      );

      expect(error).to.be.instanceOf(RolledBackError);
      expect(error.cause).to.equal(refused);
      expect(later).to.include({ code: 'SIGNALS_TRANSACTION_BROKEN', cause: refused });
      await ledger.expectDone([]);
    }

    /** Checks that `fail` is undone with a savepoint around it, and the transaction goes on. */
    async function expectSavepoint(fail: (t: Transaction) => Promise<unknown>): Promise<void> {
      await form.run(sequelize, async (t) => {
        await ledger.write('before', t);
        await onCommit(ledger.callback('before'), { transaction: t });
        await rejectionOf(
          atomic({ transaction: t }, async (savepoint) => {
            await ledger.write('undone', savepoint);
            await fail(savepoint);
          }),
        );
        await ledger.write('after', t);
      });

      await ledger.expectDone(['before', 'after'], ['before']);
    }
  }

  if (['mysql', 'mariadb'].includes(database.dialect)) {
    describe('after a lock that was waited for in vain', () => {
      it('does not end the transaction where only the statement was rolled back', async () => {
        const sql = refusal(database.dialect, 1205);

        await sequelize.transaction(async (t) => {
          await ledger.write('before', t);
          await rejectionOf(sequelize.query(sql, { transaction: t }));
          await ledger.write('after', t);
        });

        await ledger.expectDone(['before', 'after'], []);
      });

      it('ends it where the server is set to roll all of it back, which is asked once', async () => {
        const proxy = await FaultyProxy.before(sequelize);
        proxy.rewrite('SELECT @@innodb_rollback_on_timeout', 'SELECT 1');
        const other = database.connect({ ...proxy.options, pool: { max: 1 } });
        const second = install(other, { using: 'set otherwise' });
        const sql = refusal(database.dialect, 1205);

        for (const form of FORMS) {
          const error = await rejectionOf(
            form.run(other, async (t) => {
              await other.query("INSERT INTO entries (name) VALUES ('before')", { transaction: t });
              await rejectionOf(other.query(sql, { transaction: t }));
              await rejectionOf(
                other.query("INSERT INTO entries (name) VALUES ('after')", { transaction: t }),
              );
            }),
          );
          expect(error).to.be.instanceOf(RolledBackError);
        }
        second.uninstall();
        await other.close();
        await proxy.close();

        await ledger.expectDone([]);
      });
    });
  }

  /** Sends `sql` and interrupts it once SQLite is at work. */
  async function interrupted(t: Transaction, sql: string): Promise<void> {
    await sequelize.query('SELECT 1', { transaction: t }); // a savepoint is on its connection then
    const { connection: driver } = t as unknown as { connection: { interrupt(): void } };
    const running = sequelize.query(sql, { transaction: t, type: QueryTypes.RAW });
    const timer = setInterval(() => driver.interrupt(), 10);
    await running.finally(() => clearInterval(timer));
  }
});
