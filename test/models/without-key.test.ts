import { expect } from 'chai';
import { DataTypes, Model, type ModelStatic, type Sequelize } from 'sequelize';
import {
  atomic,
  type Connection,
  InvalidArgumentError,
  install,
  type ModelSignal,
  postBulkCreate,
  postBulkDelete,
  postBulkUpdate,
  postDelete,
  postSave,
  preBulkUpdate,
  preDelete,
  preSave,
  type Undo,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { rejectionOf } from '../support/rejection.js';
import { Statements } from '../support/statements.js';

class Log extends Model {
  declare text: string;
  declare size: number;
}
class Line extends Model {
  declare order: number;
  declare no: number;
  declare size: number;
}

const SIGNALS: readonly ModelSignal[] = [
  ...[preSave, postSave, preDelete, postDelete],
  ...[preBulkUpdate, postBulkUpdate],
] as unknown as ModelSignal[];

describeOnEachDatabase('instances without a key', (database) => {
  const statements = new Statements();
  const sent: string[] = [];
  let sequelize: Sequelize;
  let connection: Connection;
  let undos: Undo[] = [];

  before(async () => {
    sequelize = database.connect({ logging: statements.log });
    connection = install(sequelize);
    const options = { sequelize, timestamps: false };
    Log.init({ text: DataTypes.STRING, size: DataTypes.INTEGER }, { ...options, modelName: 'Log' });
    Log.removeAttribute('id');
    const key = () => ({ type: DataTypes.INTEGER, primaryKey: true });
    Line.init(
      { order: key(), no: key(), size: DataTypes.INTEGER },
      { ...options, modelName: 'Line' },
    );
    await sequelize.sync({ force: true });
  });
  beforeEach(async () => {
    await Log.destroy({ where: {} });
    await Line.destroy({ where: {} });
    undos = SIGNALS.map((signal) => signal.connect(() => void sent.push(signal.name)));
  });
  afterEach(() => {
    for (const undo of undos) undo();
  });
  after(() => connection.uninstall());

  const writes: Record<string, (instance: Model) => Promise<unknown>> = {
    'destroy()': (instance) => instance.destroy(),
    'save()': (instance) => instance.set('size', 5).save(),
    'update()': (instance) => instance.update({ size: 5 }),
    'increment()': (instance) => instance.increment('size' as never),
    'decrement()': (instance) => instance.decrement({ size: 2 } as never),
  };

  for (const [call, write] of Object.entries(writes)) {
    it(`are refused by ${call} before any signal when their model has none (D-156)`, async () => {
      const log = await Log.create({ text: 'one', size: 1 });
      await Log.create({ text: 'two', size: 1 });
      await Log.findAll({ where: { text: 'one' } }); // Sequelize would remember the condition
      sent.length = 0;
      statements.clear();

      for (const around of [(body: () => Promise<unknown>) => body(), atomic]) {
        const error = await rejectionOf(around(() => write(log)));

        expect(error).to.be.instanceOf(InvalidArgumentError);
        expect(error.message).to.contain('has no primary key');
      }
      expect(sent).to.deep.equal([]);
      expect(statements.all).to.deep.equal([]);
      expect(await Log.count({ where: { size: 1 } })).to.equal(2);
    });

    it(`are refused by ${call} before any signal when they have a part of it (D-156)`, async () => {
      await Line.bulkCreate([
        { order: 1, no: 1, size: 1 },
        { order: 1, no: 2, size: 1 },
      ]);
      const half = Line.build({ order: 1 }, { isNewRecord: false });
      sent.length = 0;

      const error = await rejectionOf(write(half));

      expect(error).to.be.instanceOf(InvalidArgumentError);
      expect(error.message).to.contain('it has no "no"');
      expect(sent).to.deep.equal([]);
      expect(await Line.count({ where: { size: 1 } })).to.equal(2);
    });

    it(`are left to Sequelize by ${call} while nobody listens`, async () => {
      for (const undo of undos) undo();
      const log = await Log.create({ text: 'one', size: 1 });

      await write(log);

      expect(statements.verbs().at(-1)).to.be.oneOf(['UPDATE', 'DELETE']);
    });
  }

  it('are created, and changed by calls of their model, as others are', async () => {
    for (const signal of [postBulkCreate, postBulkDelete] as unknown as ModelSignal[]) {
      undos.push(signal.connect(() => void sent.push(signal.name)));
    }
    sent.length = 0;

    await Log.create({ text: 'one', size: 1 });
    await Log.bulkCreate([{ text: 'two', size: 1 }]);
    await Log.update({ size: 2 }, { where: { text: 'two' } });
    await Log.destroy({ where: { text: 'two' } });

    expect(sent).to.deep.equal([
      ...['preSave', 'postSave', 'postBulkCreate'],
      ...['preBulkUpdate', 'postBulkUpdate', 'postBulkDelete'],
    ]);
    expect(await Log.count()).to.equal(1);
  });

  it('have the signals of their row when the key has several parts', async () => {
    const line = await Line.create({ order: 1, no: 1, size: 1 });
    await Line.create({ order: 1, no: 2, size: 1 });
    sent.length = 0;

    await line.update({ size: 2 });
    await line.destroy();

    expect(sent).to.deep.equal(['preSave', 'postSave', 'preDelete', 'postDelete']);
    expect(await Line.count()).to.equal(1);
  });
});

describeOnEachDatabase('hooks that are run by hand', (database) => {
  let connection: Connection;
  let Post: ModelStatic<Model> & {
    runHooks(type: string, ...parameters: unknown[]): Promise<unknown>;
  };
  let undos: Undo[] = [];

  before(async () => {
    const sequelize = database.connect();
    connection = install(sequelize);
    Post = sequelize.define('Post', {}) as typeof Post;
    await sequelize.sync({ force: true });
    undos = ([...SIGNALS, postBulkCreate, postBulkDelete] as unknown as ModelSignal[]).map(
      (signal) => signal.connect(() => {}),
    );
  });
  after(() => {
    for (const undo of undos) undo();
    connection.uninstall();
  });

  for (const moment of ['before', 'after']) {
    for (const what of ['Create', 'Update', 'Destroy', 'Upsert']) {
      it(`do not fail for ${moment}${what}, without options`, async () => {
        const ran: unknown[] = [];
        const type = `${moment}${what}` as 'afterCreate';
        Post.addHook(type, 'note', (instance) => void ran.push(instance));
        const post = await Post.create({}, { hooks: false });

        await Post.runHooks(type, post);
        await Post.runHooks(type);
        Post.removeHook(type, 'note');

        expect(ran).to.deep.equal([post, undefined]);
      });
    }

    for (const what of ['BulkCreate', 'BulkUpdate', 'BulkDestroy', 'Upsert']) {
      it(`do not fail for ${moment}${what}, with options of no call`, async () => {
        const post = await Post.create({}, { hooks: false });

        await Post.runHooks(`${moment}${what}`, [post], {});
        await Post.runHooks(`${moment}${what}`, [post]);
        await Post.runHooks(`${moment}${what}`, {});
        await Post.runHooks(`${moment}${what}`, post);
      });
    }
  }
});
