import { expect } from 'chai';
import { type Sequelize, Transaction, type TransactionOptions } from 'sequelize';
import { atomic, type Connection, install, transaction } from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { deferred } from '../support/deferred.js';
import { Ledger } from '../support/ledger.js';
import { expectIdlePool } from '../support/pool.js';
import { rejectionOf } from '../support/rejection.js';
import { Statements } from '../support/statements.js';

describeOnEachDatabase('the options of one level of a transaction', (database) => {
  const ofInstance = new Statements();
  const ofOuter = new Statements();
  const ofInner = new Statements();
  let sequelize: Sequelize;
  let connection: Connection | undefined;
  let ledger: Ledger;

  before(async () => {
    sequelize = database.connect({ logging: ofInstance.log });
    connection = install(sequelize);
    ledger = await Ledger.open(sequelize);
  });
  beforeEach(async () => {
    await ledger.clear();
    for (const statements of [ofInstance, ofOuter, ofInner]) statements.clear();
  });
  afterEach(() => expectIdlePool(sequelize));
  after(() => connection?.uninstall());

  it('`logging` gets its own SAVEPOINT and RELEASE, and no more', async () => {
    await sequelize.transaction({ logging: ofOuter.log }, (t) =>
      sequelize.transaction({ transaction: t, logging: ofInner.log }, (inner) =>
        ledger.write('stored', inner),
      ),
    );

    expect(ofOuter.verbs()).to.deep.equal(['BEGIN', 'COMMIT']);
    expect(ofInner.verbs()).to.deep.equal(['SAVEPOINT', 'RELEASE']);
    expect(ofInstance.verbs()).to.deep.equal(['INSERT']);
  });

  it('`logging` gets no RELEASE of the savepoint before its own', async () => {
    await atomic(async (t) => {
      await atomic(() => ledger.write('before'));
      await sequelize.transaction({ transaction: t, logging: ofInner.log }, (inner) =>
        ledger.write('stored', inner),
      );
    });

    expect(ofInstance.verbs().filter((verb) => verb === 'RELEASE')).to.have.length(1);
    expect(ofInner.verbs()).to.deep.equal(['SAVEPOINT', 'RELEASE']);
  });

  it('`logging` gets its own ROLLBACK TO', async () => {
    await sequelize.transaction({ logging: ofOuter.log }, (t) =>
      rejectionOf(
        sequelize.transaction({ transaction: t, logging: ofInner.log }, () =>
          Promise.reject(new Error('of the function')),
        ),
      ),
    );

    expect(ofInner.verbs()).to.deep.equal(['SAVEPOINT', 'ROLLBACK TO', 'RELEASE']);
  });

  it('`logging: false` keeps them out of every log', async () => {
    await sequelize.transaction({ logging: ofOuter.log }, (t) =>
      sequelize.transaction({ transaction: t, logging: false }, async () => {}),
    );

    expect(ofOuter.verbs()).to.deep.equal(['BEGIN', 'COMMIT']);
    expect(ofInstance.verbs()).to.deep.equal([]);
  });

  it('is not that of the levels inside it, as in Sequelize', async () => {
    await sequelize.transaction({ logging: ofOuter.log }, () =>
      atomic(() => ledger.write('stored')),
    );

    expect(ofOuter.verbs()).to.deep.equal(['BEGIN', 'COMMIT']);
    expect(ofInstance.verbs()).to.deep.equal(['SAVEPOINT', 'INSERT', 'RELEASE']);
  });

  it('`benchmark` has its own statements logged with their time', async () => {
    const times: unknown[] = [];
    const logging = (_sql: string, time?: unknown): void => {
      times.push(time);
    };

    await sequelize.transaction((t) =>
      sequelize.transaction({ transaction: t, logging, benchmark: true }, async () => {}),
    );

    expect(times).to.have.length(2);
    expect(times.every((time) => typeof time === 'number')).to.equal(true);
  });

  if (database.name === 'sqlite file') {
    for (const [title, retry, begins] of [
      ['off', { match: ['nothing'], max: 1 }, false],
      ['on', { match: [/SQLITE_BUSY/], max: 500, backoffBase: 1 }, true],
    ] as const) {
      it(`\`retry\` decides whether its BEGIN is sent again, here ${title}`, async () => {
        const released = deferred();
        const isHeld = deferred();
        const holder = atomic({ type: Transaction.TYPES.EXCLUSIVE }, async () => {
          isHeld.resolve();
          await released.promise;
        });
        await isHeld.promise;
        // Sequelize's types leave `retry` out. The lock is let go when the first BEGIN has failed.
        const report = (_message: string, _options: object, error?: unknown): void => {
          if (error) released.resolve();
        };
        const options = {
          type: Transaction.TYPES.EXCLUSIVE,
          retry: { ...retry, report },
        } as TransactionOptions;

        const outcome = await transaction.outside(() =>
          sequelize.transaction(options, async () => 'began').catch((error: Error) => error.name),
        );
        released.resolve();
        await holder;

        expect(outcome).to.equal(begins ? 'began' : 'SequelizeTimeoutError');
        const tries = ofInstance.verbs().filter((verb) => verb === 'BEGIN').length - 1;
        expect(tries > 1).to.equal(begins);
      });
    }
  }
});
