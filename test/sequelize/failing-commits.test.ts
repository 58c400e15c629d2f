import { expect } from 'chai';
import type { Sequelize, Transaction } from 'sequelize';
import {
  atomic,
  type Connection,
  install,
  onCommit,
  type PostRollback,
  postCommit,
  postRollback,
  RolledBackError,
  type Undo,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { addDebts, defersForeignKeys, owe } from '../support/debts.js';
import { deferred } from '../support/deferred.js';
import { FORMS } from '../support/forms.js';
import { Ledger } from '../support/ledger.js';
import { expectIdlePool, expectNoSessionInTransaction } from '../support/pool.js';
import { rejectionOf } from '../support/rejection.js';

describeOnEachDatabase('a COMMIT that does not commit', (database) => {
  const isPostgres = database.dialect === 'postgres';
  let sequelize: Sequelize;
  let connection: Connection | undefined;
  let ledger: Ledger;
  let undo: Undo[];
  let ends: unknown[];

  before(async () => {
    sequelize = database.connect();
    connection = install(sequelize);
    ledger = await Ledger.open(sequelize);
    if (defersForeignKeys(database)) await addDebts(sequelize);
  });
  beforeEach(async () => {
    await ledger.clear();
    ends = [];
    undo = [
      postCommit.connect(() => ends.push('commit')),
      postRollback.connect(({ error }: PostRollback) => ends.push(error)),
    ];
  });
  afterEach(async () => {
    for (const disconnect of undo) disconnect();
    expectIdlePool(sequelize);
    await expectNoSessionInTransaction(sequelize);
    // Nothing of the transaction lives on in its connection: neither locks nor callbacks.
    ledger.called.length = 0;
    await atomic(() => ledger.do('next'));
    expect(ledger.called).to.deep.equal(['next']);
  });
  after(() => connection?.uninstall());

  for (const form of FORMS) {
    describe(`in ${form.title}`, () => {
      if (defersForeignKeys(database)) {
        it('rejects with the error of a deferred constraint, and runs no callback (D-219, D-256, J-16)', async () => {
          const error = await rejectionOf(
            form.run(sequelize, async (t) => {
              await doInside(t, 'lost');
              await owe(sequelize, t);
            }),
          );

          expect(error.name).to.equal('SequelizeForeignKeyConstraintError');
          expect(ends).to.deep.equal([error]);
          await ledger.expectDone([]);
        });
      }

      if (isPostgres) {
        it('rejects when a server answers it with ROLLBACK, because an error was caught (D-254, J-19, sequelize#11729)', async () => {
          let caught: Error | undefined;

          const error = await rejectionOf(
            form.run(sequelize, async (t) => {
              await doInside(t, 'lost');
              caught = await rejectionOf(sequelize.query('SELECT 1 / 0', { transaction: t }));
            }),
          );

          expect(error).to.be.instanceOf(RolledBackError);
          expect(error.cause).to.equal(caught);
          expect(ends).to.deep.equal([form.title === 'atomic()' ? caught : error]);
          await ledger.expectDone([]);
        });

        it('rejects with a serialization failure', async () => {
          const bothHaveRead = deferred();
          let readers = 0;
          const counting = async (t: Transaction, name: string): Promise<void> => {
            await sequelize.query('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE', {
              transaction: t,
            });
            await ledger.entries.count({ transaction: t });
            readers += 1;
            if (readers === 2) bothHaveRead.resolve();
            await bothHaveRead.promise;
            await doInside(t, name);
          };

          const outcomes = await Promise.allSettled(
            ['first', 'second'].map((name) =>
              form.run(sequelize, async (t) => {
                await counting(t, name);
              }),
            ),
          );

          const lost = outcomes.find(({ status }) => status === 'rejected');
          expect(lost).to.have.nested.property('reason.parent.code', '40001');
          const rows = await ledger.rows();
          expect(rows).to.have.length(1);
          expect(ledger.called).to.deep.equal(
            rows.flatMap((name) => [name, `${name} of Sequelize`]),
          );
        });
      } else {
        it('is not sent by a block in which an error was caught; a transaction of Sequelize goes on', async () => {
          let caught: Error | undefined;
          const outcome = form.run(sequelize, async (t) => {
            await doInside(t, 'lost');
            caught = await rejectionOf(sequelize.query('SELECT nonsense', { transaction: t }));
          });

          if (form.title !== 'atomic()') {
            await outcome;
            return await ledger.expectDone(['lost'], ['lost', 'lost of Sequelize']);
          }
          const error = await rejectionOf(outcome);
          expect(error).to.be.instanceOf(RolledBackError);
          expect(error.cause).to.equal(caught);
          expect(ends).to.deep.equal([caught]);
          await ledger.expectDone([]);
        });
      }

      if (database.dialect === 'sqlite' && form.title === 'atomic()') {
        it('is not sent where a statement has rolled the transaction back; nothing slips out after it', async () => {
          const orRollback = "INSERT OR ROLLBACK INTO entries (name) VALUES ('twin')";

          const error = await rejectionOf(
            form.run(sequelize, async (t) => {
              await doInside(t, 'twin');
              await rejectionOf(atomic(() => sequelize.query(orRollback)));
              await rejectionOf(ledger.write('slipped out', t));
            }),
          );

          expect(error).to.be.instanceOf(RolledBackError);
          await ledger.expectDone([]);
        });
      }

      if (database.dialect === 'sqlite') {
        it('rejects when the transaction was rolled back unseen, and ROLLBACK fails as well (D-221)', async () => {
          const error = await rejectionOf(
            form.run(sequelize, async (t) => {
              await doInside(t, 'lost');
              await rollBackUnseen(t);
            }),
          );

          expect(error.message).to.include('no transaction is active');
          await ledger.expectDone([]);
        });

        it('keeps the error of the function when ROLLBACK fails (D-221, J-19)', async () => {
          const error = await rejectionOf(
            form.run(sequelize, async (t) => {
              await doInside(t, 'lost');
              await rollBackUnseen(t);
              throw new Error('of the function');
            }),
          );

          expect(error.message).to.equal('of the function');
          await ledger.expectDone([]);
        });
      }
    });
  }

  /** Rolls back by the driver's own connection, of which the library hears nothing. */
  function rollBackUnseen(t: Transaction): Promise<void> {
    const { connection } = t as unknown as {
      readonly connection: { run(sql: string, done: (error: Error | null) => void): void };
    };
    return new Promise((resolve, reject) => {
      connection.run('ROLLBACK', (error) => (error ? reject(error) : resolve()));
    });
  }

  async function doInside(t: Transaction, name: string): Promise<void> {
    await ledger.write(name, t);
    await onCommit(ledger.callback(name), { transaction: t });
    t.afterCommit(ledger.callback(`${name} of Sequelize`));
  }
});
