import { expect } from 'chai';
import type { Sequelize } from 'sequelize';
import {
  atomic,
  BadlyBehavedTransactionSignalHandlerError,
  type Connection,
  configure,
  install,
  onCommit,
  postCommit,
  postRollback,
  type Undo,
} from 'sequelize-signals';
import { fake } from 'sinon';
import { describeOnEachDatabase } from '../support/databases.js';
import { Ledger } from '../support/ledger.js';
import { expectIdlePool } from '../support/pool.js';
import { rejectionOf } from '../support/rejection.js';

describeOnEachDatabase('a transaction left open', (database) => {
  let sequelize: Sequelize;
  let connection: Connection | undefined;
  let ledger: Ledger;
  const undo: Undo[] = [];

  before(async () => {
    sequelize = database.connect({ pool: { max: 1, acquire: 3000 } });
    connection = install(sequelize, { using: 'left open' });
    ledger = await Ledger.open(sequelize);
  });
  after(() => connection?.uninstall());
  beforeEach(() => ledger.clear());
  afterEach(() => {
    for (const disconnect of undo.splice(0)) disconnect();
    configure({ logger: null });
    expectIdlePool(sequelize);
  });

  const write = (name: string) => atomic({ using: sequelize }, () => ledger.write(name));

  async function leaver() {
    await ledger.write('left', await sequelize.transaction());
  }

  it('is rolled back before the next receiver needs the only connection, and its receiver named (D-328)', async () => {
    const later = fake(() => ledger.rows());
    const options = { sender: 'left open' };
    undo.push(postCommit.connect(() => ledger.rows(), options));
    undo.push(postCommit.connect(leaver, options));
    undo.push(postCommit.connect(later, options));

    const error = await rejectionOf(write('stored'));

    expect(error).to.be.instanceOf(BadlyBehavedTransactionSignalHandlerError);
    expect(error.message).to.include('"leaver"');
    await ledger.expectDone(['stored'], []);
  });

  it('is none that its receiver or its callback has ended', async () => {
    const ender = async () => {
      const own = await sequelize.transaction();
      await ledger.write('of its own', own);
      await own.commit();
    };
    undo.push(postCommit.connect(ender, { sender: 'left open', once: true }));

    await write('first');
    await atomic({ using: sequelize }, async () => {
      await ledger.clear();
      await onCommit(ender, { using: sequelize });
    });

    await ledger.expectDone(['of its own'], []);
  });

  it('is rolled back after a callback, whose name is told', async () => {
    const error = await rejectionOf(
      atomic({ using: sequelize }, async () => {
        await ledger.write('stored');
        await onCommit(leaver, { using: sequelize });
      }),
    );

    expect(error).to.be.instanceOf(BadlyBehavedTransactionSignalHandlerError);
    expect(error.message).to.include('"leaver"');
    await ledger.expectDone(['stored'], []);
  });

  it('is rolled back also when the callback throws, whose error is what the caller gets', async () => {
    const error = await rejectionOf(
      atomic({ using: sequelize }, async () => {
        await onCommit(
          async () => {
            await leaver();
            throw new Error('of the callback');
          },
          { using: sequelize },
        );
      }),
    );

    expect(error.message).to.equal('of the callback');
    await ledger.expectDone([], []);
  });

  it('by a receiver of postRollback does not call that receiver again', async () => {
    const logger = { error: fake(), warn: fake() };
    configure({ logger });
    undo.push(postRollback.connect(leaver, { sender: 'left open' }));

    const error = await rejectionOf(
      atomic({ using: sequelize }, async () => {
        await ledger.write('lost');
        throw new Error('of the block');
      }),
    );

    expect(error.message).to.equal('of the block');
    expect(logger.error.callCount).to.equal(1);
    expect(logger.error.firstCall.args[1]).to.be.instanceOf(
      BadlyBehavedTransactionSignalHandlerError,
    );
    await ledger.expectDone([], []);
  });
});
