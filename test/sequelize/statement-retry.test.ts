import { expect } from 'chai';
import { type QueryOptions, type Sequelize, Transaction } from 'sequelize';
import { atomic, type Connection, install, transaction } from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { addDebts, defersForeignKeys, owe } from '../support/debts.js';
import { deferred } from '../support/deferred.js';
import { FORMS } from '../support/forms.js';
import { Ledger } from '../support/ledger.js';
import { expectIdlePool } from '../support/pool.js';
import { DEADLOCK, refusal } from '../support/refusals.js';
import { rejectionOf } from '../support/rejection.js';
import { Statements } from '../support/statements.js';

const EVERYTHING = { max: 3, backoffBase: 1 };

describeOnEachDatabase("Sequelize's `retry` of a statement", (database) => {
  const deadlock = DEADLOCK[database.dialect];
  const statements = new Statements();
  let connection: Connection | undefined;
  let ledger: Ledger;

  /** Opens a database with this `retry` for all statements. */
  async function open(retry?: QueryOptions['retry']): Promise<Sequelize> {
    const sequelize = database.connect({ logging: statements.log, ...(retry && { retry }) });
    connection = install(sequelize);
    ledger = await Ledger.open(sequelize);
    if (defersForeignKeys(database)) await addDebts(sequelize);
    statements.clear();
    return sequelize;
  }

  afterEach(() => {
    if (connection) expectIdlePool(connection.sequelize);
    connection?.uninstall();
    connection = undefined;
  });

  for (const form of FORMS) {
    describe(`in ${form.title}`, () => {
      if (deadlock !== undefined) {
        for (const source of ['the instance', 'the query'] as const) {
          it(`sends nothing again after a deadlock, with the option of ${source}`, async () => {
            const ofInstance = source === 'the instance' ? EVERYTHING : undefined;
            const sequelize = await open(ofInstance);
            let refused: Error | undefined;

            const error = await rejectionOf(
              form.run(sequelize, async (t) => {
                await ledger.write('before', t);
                const retry = ofInstance ? {} : { retry: EVERYTHING };
                const sql = refusal(database.dialect, deadlock);
                refused = await rejectionOf(sequelize.query(sql, { transaction: t, ...retry }));
                await rejectionOf(ledger.write('after', t));
              }),
            );

            expect(refused).to.have.nested.property('parent.message').that.includes('refused');
            expect(error.cause).to.equal(refused);
            expect(statements.all.filter((sql) => sql.includes('refused'))).to.have.length(1);
            await ledger.expectDone([]);
          });
        }
      }

      it('sends a statement again that left the transaction as it was', async () => {
        const sequelize = await open();
        const nonsense = 'SELECT nonsense';

        await form
          .run(sequelize, async (t) => {
            const retry = { match: [/nonsense/], ...EVERYTHING };
            await sequelize.query(nonsense, { transaction: t, retry });
          })
          .catch(() => {});

        const times = database.dialect === 'postgres' ? 1 : 3; // it ends all but the savepoints
        expect(statements.all.filter((sql) => sql === nonsense)).to.have.length(times);
      });

      if (defersForeignKeys(database)) {
        it('does not send a COMMIT again that has failed', async () => {
          const sequelize = await open(EVERYTHING);

          const error = await rejectionOf(
            form.run(sequelize, async (t) => {
              await ledger.write('lost', t);
              await owe(sequelize, t);
            }),
          );

          expect(error.name).to.equal('SequelizeForeignKeyConstraintError');
          expect(statements.verbs().filter((verb) => verb === 'COMMIT')).to.have.length(1);
          await ledger.expectDone([]);
        });
      }
    });
  }

  if (deadlock !== undefined) {
    it('keeps the deadlock for `retry` of atomic()', async () => {
      const sequelize = await open(EVERYTHING);
      let attempts = 0;

      await atomic({ retry: { times: 1 } }, async () => {
        attempts += 1;
        await ledger.do(`attempt ${attempts}`);
        if (attempts === 1) await sequelize.query(refusal(database.dialect, deadlock));
      });

      await ledger.expectDone(['attempt 2']);
    });

    it('tells `report` of the error as before', async () => {
      const sequelize = await open();
      const reported: unknown[] = [];
      const report = (_message: string, _options: object, error?: unknown): void => {
        if (error) reported.push(error);
      };
      const retry = { ...EVERYTHING, report };

      const error = await rejectionOf(
        atomic(() => sequelize.query(refusal(database.dialect, deadlock), { retry })),
      );

      expect(reported).to.deep.equal([error]);
    });
  }

  if (database.name === 'sqlite file') {
    it('sends a statement again that a lock has held back', async () => {
      await open();
      const held = deferred();
      const isHeld = deferred();
      const holder = atomic({ type: Transaction.TYPES.IMMEDIATE }, async () => {
        isHeld.resolve();
        await held.promise;
      });
      await isHeld.promise;
      // The first report is of the first try, and the second one of its error.
      const report = (_message: string, _options: object, error?: unknown): void => {
        if (error) held.resolve();
      };

      await transaction.outside(() =>
        atomic(async () => {
          await connection?.sequelize.query('PRAGMA busy_timeout = 1');
          const retry = { match: [/SQLITE_BUSY/], max: 500, backoffBase: 1, report };
          await connection?.sequelize.query("INSERT INTO entries (name) VALUES ('waited')", {
            retry,
          });
        }),
      );
      await holder;

      await ledger.expectDone(['waited'], []);
    });
  }
});
