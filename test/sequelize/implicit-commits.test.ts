import { expect } from 'chai';
import type { Sequelize } from 'sequelize';
import {
  atomic,
  type Connection,
  install,
  RolledBackError,
  TransactionManagementError,
  transaction,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { FORMS } from '../support/forms.js';
import { Ledger } from '../support/ledger.js';
import { expectIdlePool } from '../support/pool.js';
import { rejectionOf } from '../support/rejection.js';

const DDL = 'CREATE OR REPLACE TABLE others (id INTEGER)';

describeOnEachDatabase('DDL in a transaction', (database) => {
  if (!['mysql', 'mariadb'].includes(database.dialect)) return; // the others undo it

  let sequelize: Sequelize;
  let connection: Connection | undefined;
  let ledger: Ledger;

  before(async () => {
    sequelize = database.connect();
    connection = install(sequelize);
    ledger = await Ledger.open(sequelize);
  });
  beforeEach(() => ledger.clear());
  afterEach(() => expectIdlePool(sequelize));
  after(() => connection?.uninstall());

  for (const form of FORMS) {
    describe(`in ${form.title}`, () => {
      it('has a nested block after it reject with an error that names the commit', async () => {
        let inner: Error | undefined;

        const error = await rejectionOf(
          form.run(sequelize, async (t) => {
            await sequelize.query(DDL, { transaction: t });
            inner = await rejectionOf(
              atomic({ transaction: t }, (savepoint) => ledger.write('stored', savepoint)),
            );
          }),
        );

        expectCommitted(inner);
        expect(error).to.be.instanceOf(RolledBackError);
        expect(error.cause).to.equal(inner);
      });

      it('has a nested block around it reject as well', async () => {
        const error = await rejectionOf(
          form.run(sequelize, (t) =>
            atomic({ transaction: t }, (savepoint) =>
              sequelize.query(DDL, { transaction: savepoint }),
            ),
          ),
        );

        expectCommitted(error);
      });

      it('is told of by the block around one that threw, for its work is stored', async () => {
        const thrown = new Error('of the function');
        let inner: Error | undefined;

        const error = await rejectionOf(
          form.run(sequelize, async (t) => {
            inner = await rejectionOf(
              atomic({ transaction: t }, async (savepoint) => {
                await sequelize.query(DDL, { transaction: savepoint });
                throw thrown;
              }),
            );
          }),
        );

        expect(inner).to.equal(thrown);
        expect(error).to.be.instanceOf(RolledBackError);
        expectCommitted(error.cause);
      });

      it('leaves what comes after it stored, statement by statement', async () => {
        await rejectionOf(
          form.run(sequelize, async (t) => {
            await ledger.write('before', t);
            await sequelize.query(DDL, { transaction: t });
            await ledger.write('after', t);
            throw new Error('of the function');
          }),
        );

        await ledger.expectDone(['before', 'after'], []);
      });
    });
  }

  it('makes a savepoint by hand unknown, and says so', async () => {
    const error = await rejectionOf(
      atomic(async () => {
        await ledger.write('stored');
        const sid = await transaction.savepoint();
        await sequelize.query(DDL);
        await transaction.savepointRollback(sid);
      }),
    );

    expectCommitted(error);
  });

  function expectCommitted(error: unknown): void {
    expect(error).to.be.instanceOf(TransactionManagementError);
    expect(error).to.include({ code: 'SIGNALS_IMPLICIT_COMMIT' });
    expect(error).to.have.nested.property('cause.parent.code', 'ER_SP_DOES_NOT_EXIST');
  }
});
