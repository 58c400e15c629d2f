import { expect } from 'chai';
import { DataTypes, Model, type Sequelize } from 'sequelize';
import {
  type Connection,
  classPrepared,
  connectionCreated,
  install,
  m2mChanged,
  postBulkCreate,
  postBulkDelete,
  postBulkUpdate,
  postDelete,
  postInit,
  postMigrate,
  postSave,
  preBulkCreate,
  preBulkDelete,
  preBulkUpdate,
  preDelete,
  preInit,
  preMigrate,
  preSave,
  type Signal,
  type Undo,
} from 'sequelize-signals';
import { assert, fake } from 'sinon';
import { describeOnEachDatabase } from '../support/databases.js';
import { rejectionOf } from '../support/rejection.js';

const SIGNALS: readonly Signal<object>[] = [
  classPrepared,
  connectionCreated,
  m2mChanged,
  postBulkCreate,
  postBulkDelete,
  postBulkUpdate,
  postDelete,
  postInit,
  postMigrate,
  postSave,
  preBulkCreate,
  preBulkDelete,
  preBulkUpdate,
  preDelete,
  preInit,
  preMigrate,
  preSave,
];

describe('the signals of the library, sent by hand', () => {
  for (const signal of SIGNALS) {
    it(`take any sender and none for ${signal.name} (D-047, D-049)`, async () => {
      const senders: unknown[] = [];
      using _undo = signal.connect(({ sender }) => senders.push(sender));
      const sent = [undefined, null, 'text', 1, {}];

      for (const sender of sent) await signal.send(sender, {});

      expect(senders).to.deep.equal(sent);
    });
  }
});

describeOnEachDatabase('the signals of models and migrations', (database) => {
  class Author extends Model {
    declare name: string;
  }
  const undos: Undo[] = [];
  let sequelize: Sequelize;
  let connection: Connection;
  let author: Author;

  before(async () => {
    sequelize = database.connect();
    connection = install(sequelize);
    Author.init({ name: DataTypes.STRING }, { sequelize, timestamps: false });
    await sequelize.sync();
  });
  beforeEach(async () => {
    author = await Author.create({ name: 'Ada' });
  });
  afterEach(() => {
    for (const undo of undos.splice(0)) undo();
  });
  after(() => connection.uninstall());

  it('have their asynchronous receivers finish before save() does (D-075)', async () => {
    const log: string[] = [];
    for (const signal of [preSave, postSave]) {
      const receiver = async () => {
        await Author.count();
        log.push(signal.name);
      };
      undos.push(signal.connect(receiver, { sender: Author }));
    }

    await author.update({ name: 'Grace' });
    log.push('saved');

    expect(log).to.deep.equal(['preSave', 'postSave', 'saved']);
  });

  const operations: readonly (readonly [Signal<object>, () => Promise<unknown>])[] = [
    [preSave, () => author.save()],
    [postSave, () => author.save()],
    [preDelete, () => author.destroy()],
    [postDelete, () => author.destroy()],
    [preBulkCreate, () => Author.bulkCreate([{ name: 'Grace' }])],
    [postBulkCreate, () => Author.bulkCreate([{ name: 'Grace' }])],
    [preMigrate, () => sequelize.sync()],
    [postMigrate, () => sequelize.sync()],
  ];
  for (const [signal, operate] of operations) {
    it(`end what sends ${signal.name} with the first receiver that fails (D-076)`, async () => {
      const error = new Error('boom');
      const next = fake();
      undos.push(signal.connect(fake.rejects(error)), signal.connect(next));

      expect(await rejectionOf(operate())).to.equal(error);
      assert.notCalled(next);
    });
  }
});
