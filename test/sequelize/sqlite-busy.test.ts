import { expect } from 'chai';
import { type Sequelize, Transaction } from 'sequelize';
import { atomic, type Connection, install, transaction } from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { deferred } from '../support/deferred.js';
import { FORMS } from '../support/forms.js';
import { Ledger } from '../support/ledger.js';
import { expectIdlePool } from '../support/pool.js';
import { rejectionOf } from '../support/rejection.js';

describeOnEachDatabase('SQLITE_BUSY', (database) => {
  if (database.name !== 'sqlite file') return;

  let sequelize: Sequelize;
  let connection: Connection | undefined;
  let ledger: Ledger;

  before(async () => {
    sequelize = database.connect({ retry: { max: 1 } });
    connection = install(sequelize);
    ledger = await Ledger.open(sequelize);
  });
  beforeEach(() => ledger.clear());
  afterEach(() => expectIdlePool(sequelize));
  after(() => connection?.uninstall());

  for (const form of FORMS) {
    describe(`in ${form.title}`, () => {
      it('rejects who writes while another one does, and stores nothing of it', async () => {
        const error = await whileLocked(Transaction.TYPES.IMMEDIATE, () =>
          form.run(sequelize, async (t) => {
            await sequelize.query('PRAGMA busy_timeout = 1', { transaction: t });
            t.afterCommit(ledger.callback('late'));
            await ledger.write('late', t);
          }),
        );

        expect(error).to.have.nested.property('parent.code', 'SQLITE_BUSY');
        await ledger.expectDone([]);
      });

      it('rejects who commits while another one reads, and lets go of its lock', async () => {
        const error = await whileLocked(Transaction.TYPES.DEFERRED, () =>
          form.run(sequelize, async (t) => {
            await sequelize.query('PRAGMA busy_timeout = 1', { transaction: t });
            t.afterCommit(ledger.callback('late'));
            await ledger.write('late', t);
          }),
        );

        expect(error).to.have.nested.property('parent.code', 'SQLITE_BUSY');
        await atomic(() => ledger.do('next'));
        await ledger.expectDone(['next']);
      });
    });
  }

  it('is tried again with `retry`, also when it is met at COMMIT', async () => {
    const attempts: number[] = [];
    const reader = deferred();
    const readerIsIn = deferred();
    const reading = atomic(async () => {
      await ledger.entries.count();
      readerIsIn.resolve();
      await reader.promise;
    });
    await readerIsIn.promise;

    const delay = (attempt: number): number => {
      attempts.push(attempt);
      reader.resolve();
      return 1;
    };
    await atomic({ retry: { times: 50, delay } }, async () => {
      await sequelize.query('PRAGMA busy_timeout = 1');
      await ledger.do('tried again');
    });
    await reading;

    expect(attempts).to.include(1);
    await ledger.expectDone(['tried again']);
  });

  it('is tried again with `retry` where the application threw an error of its own after it', async () => {
    let attempts = 0;

    await whileLocked(Transaction.TYPES.IMMEDIATE, () =>
      atomic({ retry: { times: 1 } }, async () => {
        attempts += 1;
        await sequelize.query('PRAGMA busy_timeout = 1');
        await ledger.write('late').catch(() => {
          throw new Error('the table is not available');
        });
      }),
    );

    expect(attempts).to.equal(2);
  });

  /** The error of `attempt` while another connection holds a lock: for writing, or after a read. */
  async function whileLocked(
    type: Transaction.TYPES,
    attempt: () => Promise<unknown>,
  ): Promise<Error> {
    return await atomic({ type }, async () => {
      await ledger.entries.count();
      return await transaction.outside(() => rejectionOf(attempt));
    });
  }
});
