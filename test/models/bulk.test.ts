import { expect } from 'chai';
import { DataTypes, Model, type ModelStatic, type Sequelize } from 'sequelize';
import {
  atomic,
  type Connection,
  install,
  type ModelSignal,
  postBulkCreate,
  postBulkDelete,
  postBulkUpdate,
  postDelete,
  postSave,
  preBulkCreate,
  preBulkDelete,
  preBulkUpdate,
  preDelete,
  preSave,
  RolledBackError,
  type SignalEvent,
  transaction,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { rejectionOf } from '../support/rejection.js';
import { Statements } from '../support/statements.js';

class Author extends Model {
  declare id: number;
  declare name: string;
  declare age: number;
}
class Draft extends Model {}

function defineModels(sequelize: Sequelize): void {
  Author.init(
    {
      name: { type: DataTypes.STRING, unique: true },
      age: { type: DataTypes.INTEGER, field: 'years' },
    },
    {
      sequelize,
      modelName: 'Author',
      timestamps: false,
      scopes: { old: { where: { age: 85 } } },
    },
  );
  Draft.init({ title: DataTypes.STRING }, { sequelize, modelName: 'Draft', paranoid: true });
}

const ALL = [
  ...[preSave, postSave, preDelete, postDelete, preBulkCreate, postBulkCreate],
  ...[preBulkUpdate, postBulkUpdate, preBulkDelete, postBulkDelete],
] as unknown as ModelSignal[];

/** What the tests look at in the events of all these signals. */
type Event = SignalEvent<Record<string, unknown>, ModelStatic<Model>>;

describeOnEachDatabase('bulk calls', (database) => {
  const statements = new Statements();
  const events: Event[] = [];
  let sequelize: Sequelize;
  let connection: Connection;
  let undo: (() => boolean)[] = [];

  before(async () => {
    sequelize = database.connect({ logging: statements.log });
    connection = install(sequelize);
    defineModels(sequelize);
    await sequelize.sync({ force: true });
  });
  beforeEach(async () => {
    await Author.destroy({ where: {} });
    await Author.bulkCreate([
      { name: 'Ada', age: 36 },
      { name: 'Grace', age: 85 },
    ]);
    undo = ALL.map((signal) => signal.connect((event) => void events.push(event as Event)));
    events.length = 0;
    statements.clear();
  });
  afterEach(() => {
    for (const disconnect of undo) disconnect();
    for (const hook of HOOKS) {
      Author.removeHook(hook, 'test');
    }
  });
  after(() => connection.uninstall());

  const names = () => events.map(({ signal }) => signal.name);
  const authors = async () => {
    const rows = await Author.findAll({ order: ['name'] });
    return rows.map(({ name, age }) => [name, age]);
  };

  /** Connects for the rest of the test. */
  function connect(signal: unknown, receiver: (event: Event) => unknown): void {
    const called = (event: object) => receiver(event as Event);
    undo.push((signal as ModelSignal).connect(called, { sender: Author }));
  }

  function failIn(signal: unknown): void {
    connect(signal, () => {
      throw new Error('boom');
    });
  }

  describe('bulkCreate', () => {
    const values = [
      { name: 'Edsger', age: 72 },
      { name: 'Barbara', age: 80 },
    ];

    it('sends its own signals, and none for each row (D-127)', async () => {
      const created = await Author.bulkCreate(values);

      expect(names()).to.deep.equal(['preBulkCreate', 'postBulkCreate']);
      for (const event of events) {
        expect(event).to.include({ sender: Author, using: 'default', onConflict: 'fail' });
        expect(event.instances).to.deep.equal(created);
      }
      expect(statements.verbs()).to.deep.equal(['INSERT']);
    });

    it('writes what preBulkCreate changes', async () => {
      connect(preBulkCreate, ({ instances }) => {
        for (const author of instances as Author[]) author.age += 1;
      });

      await Author.bulkCreate(values);

      expect(await authors()).to.deep.include.members([
        ['Barbara', 81],
        ['Edsger', 73],
      ]);
    });

    it('tells what becomes of rows that are there, in its own signals alone (D-127)', async () => {
      await Author.bulkCreate([{ name: 'Ada', age: 1 }], { ignoreDuplicates: true });
      await Author.bulkCreate([{ name: 'Ada', age: 2 }], { updateOnDuplicate: ['age'] });

      expect(events.map(({ onConflict }) => onConflict)).to.deep.equal([
        ...['ignore', 'ignore'],
        ...['update', 'update'],
      ]);
    });

    it('sends the save signals too with individualHooks, row by row (J-21)', async () => {
      Author.addHook('beforeCreate', 'test', laterForTheFirst());

      await Author.bulkCreate(values, { individualHooks: true });

      const sent = events.map(({ signal, instance }) => [signal.name, (instance as Author)?.name]);
      expect(sent).to.deep.equal([
        ['preBulkCreate', undefined],
        ['preSave', 'Edsger'],
        ['postSave', 'Edsger'],
        ['preSave', 'Barbara'],
        ['postSave', 'Barbara'],
        ['postBulkCreate', undefined],
      ]);
      expect(events[2]).to.include({ created: true, updateFields: null });
    });

    it('goes on to no other row after one that failed', async () => {
      failIn(postSave);

      await rejectionOf(Author.bulkCreate(values, { individualHooks: true }));

      expect(names()).to.deep.equal(['preBulkCreate', 'preSave', 'postSave']);
    });

    it('does not have a hook wait for the rows when it is handed their options', async () => {
      Author.addHook('beforeCreate', 'test', async (author, options) => {
        if (author.get('name') === 'Edsger') {
          const { transaction: t } = options as { transaction?: never };
          await Author.create({ name: 'Tony' }, { ...(options as object), transaction: t });
        }
      });

      await Author.bulkCreate(values, { individualHooks: true });

      expect((await authors()).map(([name]) => name)).to.include('Tony');
    });

    it('is switched off by hooks: false', async () => {
      await Author.bulkCreate(values, { hooks: false });

      expect(events).to.deep.equal([]);
    });
  });

  describe('upsert', () => {
    it('sends the signals of bulkCreate', async () => {
      await Author.upsert({ name: 'Ada', age: 37 });

      expect(names()).to.deep.equal(['preBulkCreate', 'postBulkCreate']);
      expect(events[0]).to.include({ sender: Author, onConflict: 'update' });
      expect((events[0] as Event).instances)
        .to.have.nested.property('[0]')
        .that.includes({ name: 'Ada', age: 37 });
    });
  });

  describe('Model.update()', () => {
    it('sends its own signals, and none for each row (D-128)', async () => {
      await Author.update({ age: 1 }, { where: { name: 'Ada' } });

      expect(names()).to.deep.equal(['preBulkUpdate', 'postBulkUpdate']);
      for (const event of events) {
        expect(event).to.include({ sender: Author, using: 'default', increments: null });
        expect(event.values).to.deep.equal({ age: 1 });
        expect(event.where).to.deep.equal({ name: 'Ada' });
      }
      expect(events[0]).not.to.have.property('count');
      expect(events[1]).to.have.property('count', 1);
      expect(statements.verbs()).to.deep.equal(['UPDATE']);
    });

    it('writes what preBulkUpdate changes', async () => {
      connect(preBulkUpdate, ({ values }) => Object.assign(values as object, { age: 2 }));

      await Author.update({ name: 'Ada Lovelace' }, { where: { name: 'Ada' } });

      expect(await authors()).to.deep.include(['Ada Lovelace', 2]);
    });

    it('leaves out values without a column, as Sequelize does', async () => {
      await Author.update({ age: 1, hobby: 'maths' }, { where: { name: 'Ada' } });

      expect(await authors()).to.deep.include(['Ada', 1]);
    });

    it('belongs to the model itself when a scope is updated', async () => {
      await Author.scope('old').update({ age: 86 }, { where: {} });

      expect(events[0]).to.have.property('sender', Author);
      expect(await authors()).to.deep.equal([
        ['Ada', 36],
        ['Grace', 86],
      ]);
    });

    it('sends the save signals too with individualHooks, row by row (J-21)', async () => {
      Author.addHook('beforeUpdate', 'test', laterForTheFirst());

      await Author.update({ age: 1 }, { where: {}, individualHooks: true });

      expect(names()).to.deep.equal([
        ...['preBulkUpdate', 'preSave', 'preSave'],
        ...['postSave', 'postSave', 'postBulkUpdate'],
      ]);
      const rows = events.slice(1, 5);
      expect(rows.map(({ instance }) => (instance as Author).name)).to.deep.equal([
        ...['Ada', 'Grace'],
        ...['Ada', 'Grace'],
      ]);
      for (const row of rows) expect(row.updateFields).to.deep.equal(new Set(['age']));
      expect(rows[3]).to.include({ created: false });
    });

    if (database.dialect === 'postgres') {
      it('sends postSave for rows that come back from the database', async () => {
        await Author.update({ age: 1 }, { where: {}, individualHooks: true, returning: true });

        expect(names().filter((name) => name === 'postSave')).to.have.length(2);
      });
    }

    it('writes what preSave changes in single rows', async () => {
      connect(preSave, ({ instance }) => {
        const author = instance as Author;
        author.age += author.name === 'Ada' ? 1 : 2;
      });

      await Author.update({ age: 1 }, { where: {}, individualHooks: true });

      expect(await authors()).to.deep.equal([
        ['Ada', 2],
        ['Grace', 3],
      ]);
    });

    it('runs its receivers in the transaction that the caller passed', async () => {
      const currents: unknown[] = [];
      connect(preBulkUpdate, () => currents.push(transaction.current()));
      connect(postBulkUpdate, () => currents.push(transaction.current()));
      const t = await sequelize.transaction();

      await Author.update({ age: 1 }, { where: {}, transaction: t });
      await t.rollback();

      expect(currents).to.deep.equal([t, t]);
      expect(events[1]).to.include({ transaction: t });
    });

    it('is switched off by hooks: false', async () => {
      await Author.update({ age: 1 }, { where: {}, hooks: false });

      expect(events).to.deep.equal([]);
    });
  });

  describe('increment and decrement', () => {
    it('send the signals of Model.update()', async () => {
      await Author.increment('age', { by: 2, where: { name: 'Ada' } });
      await Author.decrement(['age'], { where: { name: 'Ada' } });
      const ada = await Author.findOne({ where: { name: 'Ada' }, rejectOnEmpty: true });
      await ada.increment({ age: 5 });

      expect(names()).to.deep.equal([
        ...['preBulkUpdate', 'postBulkUpdate'],
        ...['preBulkUpdate', 'postBulkUpdate'],
        ...['preBulkUpdate', 'postBulkUpdate'],
      ]);
      expect(events.map(({ increments }) => increments)).to.deep.equal([
        ...[{ age: 2 }, { age: 2 }],
        ...[{ age: -1 }, { age: -1 }],
        ...[{ age: 5 }, { age: 5 }],
      ]);
      expect(events[0]).to.deep.include({ values: {}, where: { name: 'Ada' }, sender: Author });
      expect(await authors()).to.deep.include(['Ada', 42]);
    });

    it('run their receivers in the current block', async () => {
      const current = await atomic(async (t) => {
        await Author.increment('age', { where: { name: 'Ada' } });
        return t;
      });

      expect(events[0]).to.include({ transaction: current });
    });
  });

  describe('Model.destroy()', () => {
    it('sends its own signals, in one block, and none for each row (J-22)', async () => {
      await Author.destroy({ where: { name: 'Ada' } });

      expect(names()).to.deep.equal(['preBulkDelete', 'postBulkDelete']);
      for (const event of events) {
        expect(event).to.include({ sender: Author, using: 'default', soft: false });
        expect(event.where).to.deep.equal({ name: 'Ada' });
      }
      expect(events[1]).to.have.property('count', 1);
      expect(statements.verbs()).to.deep.equal(['BEGIN', 'DELETE', 'COMMIT']);
    });

    it('sends the delete signals too with individualHooks, in the order of the rows (D-129, D-140, D-141, D-143, J-21, J-22)', async () => {
      Author.addHook('beforeDestroy', 'test', laterForTheFirst());
      const options = { where: {}, individualHooks: true };

      await Author.destroy(options);

      const sent = events.map(({ signal, instance }) => [signal.name, (instance as Author)?.name]);
      expect(sent).to.deep.equal([
        ['preBulkDelete', undefined],
        ['preDelete', 'Ada'],
        ['preDelete', 'Grace'],
        ['postDelete', 'Ada'],
        ['postDelete', 'Grace'],
        ['postBulkDelete', undefined],
      ]);
      expect(events[1]?.origin).to.equal(options);
    });

    it('tells that there was nothing to delete (D-157)', async () => {
      const count = await Author.destroy({ where: { name: 'Nobody' }, individualHooks: true });

      expect(count).to.equal(0);
      expect(names()).to.deep.equal(['preBulkDelete', 'postBulkDelete']);
      expect(events[1]).to.have.property('count', 0);
    });

    it('is refused without a condition, and sends nothing (D-168)', async () => {
      const error = await rejectionOf(Author.destroy());

      expect(error.message).to.contain('Missing where');
      expect(events).to.deep.equal([]);
    });

    it('deletes nothing, and goes on to no other row, when preDelete fails (D-148)', async () => {
      failIn(preDelete);

      const error = await rejectionOf(Author.destroy({ where: {}, individualHooks: true }));

      expect(error.message).to.equal('boom');
      expect(names()).to.deep.equal(['preBulkDelete', 'preDelete']);
      expect(await Author.count()).to.equal(2);
    });

    for (const signal of [postDelete, postBulkDelete]) {
      it(`is undone when ${signal.name} fails (D-149)`, async () => {
        failIn(signal);

        await rejectionOf(Author.destroy({ where: {}, individualHooks: true }));

        expect(await Author.count()).to.equal(2);
      });
    }

    it('tells that paranoid rows are only marked', async () => {
      await Draft.destroy({ where: {} });
      await Draft.destroy({ where: {}, force: true });

      expect(events.map(({ soft }) => soft)).to.deep.equal([true, true, false, false]);
    });

    it('tells of truncate() by having no condition', async () => {
      await Author.truncate();

      expect(names()).to.deep.equal(['preBulkDelete', 'postBulkDelete']);
      expect(events[0]).to.have.property('where', undefined);
    });

    it('is switched off by hooks: false', async () => {
      await Author.destroy({ where: {}, hooks: false });

      expect(events).to.deep.equal([]);
    });
  });

  const failing: Record<string, () => Promise<unknown>> = {
    bulkCreate: () => Author.bulkCreate([{ name: 'Edsger' }, { name: 'Ada' }]),
    'Model.update()': () => Author.update({ name: 'Ada' }, { where: { name: 'Grace' } }),
  };
  for (const [call, run] of Object.entries(failing)) {
    it(`have no block of their own, and break the one around a failing ${call} (D-137, D-138)`, async () => {
      await rejectionOf(run);
      expect(statements.all).to.have.length(1);

      const error = await rejectionOf(atomic(() => rejectionOf(run)));

      expect(error).to.be.instanceOf(RolledBackError);
      expect(error.cause).to.have.property('name', 'SequelizeUniqueConstraintError');
    });
  }

  it('send nothing when a statement is sent without a model (D-167)', async () => {
    const queries = sequelize.getQueryInterface();

    await queries.bulkDelete('Authors', { name: 'Ada' });
    await sequelize.query(`DELETE FROM ${queries.quoteIdentifier('Authors', true)}`);

    expect(events).to.deep.equal([]);
    expect(await Author.count()).to.equal(0);
  });

  const calls: Record<string, () => Promise<unknown>> = {
    preBulkCreate: () => Author.bulkCreate([{ name: 'Edsger' }]),
    preBulkUpdate: () => Author.update({ age: 1 }, { where: {} }),
    preBulkDelete: () => Author.destroy({ where: {} }),
  };
  for (const signal of [preBulkCreate, preBulkUpdate, preBulkDelete]) {
    it(`write nothing when ${signal.name} fails`, async () => {
      failIn(signal);

      const error = await rejectionOf(calls[signal.name] as () => Promise<unknown>);

      expect(error.message).to.equal('boom');
      expect(statements.all).to.deep.equal([]);
    });
  }

  it('are not mistaken for others that a hook hands its options on to', async () => {
    Author.addHook('beforeBulkUpdate', 'test', async (options) => {
      await Draft.update({ title: 'a' }, { ...options, where: {}, fields: ['title'] });
    });
    Author.addHook('beforeBulkDestroy', 'test', async (options) => {
      await Draft.destroy({ ...options, where: { title: 'a' } });
    });
    for (const disconnect of undo) disconnect();
    const told: unknown[] = [];
    for (const signal of [preBulkUpdate, postBulkUpdate, preBulkDelete, postBulkDelete]) {
      connect(signal, ({ sender, where }) => told.push([sender.name, where]));
    }

    await Author.update({ age: 1 }, { where: { name: 'Ada' } });
    await Author.destroy({ where: { name: 'Ada' } });

    const ada = ['Author', { name: 'Ada' }];
    expect(told).to.deep.equal([ada, ada, ada, ada]);
  });

  it('add nothing while nobody listens (D-162)', async () => {
    for (const disconnect of undo) disconnect();

    await Author.bulkCreate([{ name: 'Edsger' }]);
    await Author.update({ age: 1 }, { where: { name: 'Ada' } });
    await Author.destroy({ where: { name: 'Ada' } });

    expect(statements.verbs()).to.deep.equal(['INSERT', 'UPDATE', 'DELETE']);
  });
});

const HOOKS = [
  ...(['beforeUpdate', 'beforeDestroy', 'beforeCreate'] as const),
  ...(['beforeBulkUpdate', 'beforeBulkDestroy'] as const),
];

/** A hook that takes longer for the first row than for the others. */
function laterForTheFirst(): () => Promise<void> {
  let turns = 20;
  return async () => {
    const own = turns;
    turns = 0;
    for (let turn = 0; turn < own; turn += 1) await Promise.resolve();
  };
}
