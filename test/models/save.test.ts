import { expect } from 'chai';
import { DataTypes, Model, type ModelStatic, type Sequelize } from 'sequelize';
import {
  atomic,
  type Connection,
  InvalidArgumentError,
  install,
  type ModelSignal,
  onCommit,
  type PostSave,
  type PreSave,
  postSave,
  preBulkCreate,
  preBulkUpdate,
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
class Note extends Model {}

function defineModels(sequelize: Sequelize): void {
  Author.init(
    { name: { type: DataTypes.STRING, unique: true }, age: DataTypes.INTEGER },
    { sequelize, modelName: 'Author', timestamps: false },
  );
  Note.init(
    {
      text: DataTypes.STRING,
      shouted: {
        type: DataTypes.VIRTUAL,
        set(this: Note, text: string) {
          this.set('text', text.toLowerCase());
        },
      },
    },
    { sequelize, modelName: 'Note', timestamps: false },
  );
  Draft.init({ title: DataTypes.STRING }, { sequelize, modelName: 'Draft', version: true });
}

describeOnEachDatabase('preSave and postSave', (database) => {
  const statements = new Statements();
  const seen: (
    | SignalEvent<PreSave<Author>, ModelStatic<Author>>
    | SignalEvent<PostSave<Author>, ModelStatic<Author>>
  )[] = [];
  let sequelize: Sequelize;
  let connection: Connection;
  let disconnect: (() => boolean)[] = [];

  before(async () => {
    sequelize = database.connect({ logging: statements.log });
    connection = install(sequelize);
    defineModels(sequelize);
    await sequelize.sync();
  });
  beforeEach(async () => {
    disconnect = [
      preSave.connect((event) => void seen.push(event), { sender: Author }),
      postSave.connect((event) => void seen.push(event), { sender: Author }),
    ];
    await Author.destroy({ where: {} });
    statements.clear();
    seen.length = 0;
  });
  afterEach(() => {
    for (const undo of disconnect) undo();
  });
  after(() => connection.uninstall());

  const names = () => seen.map(({ signal }) => signal.name);

  /** Connects for the rest of the test. */
  function connect(signal: ModelSignal, receiver: (instance: Author) => unknown): void {
    const called = (event: object) => receiver((event as PreSave<Author>).instance);
    disconnect.push(signal.connect(called, { sender: Author }));
  }

  it('are sent around an INSERT, with all that Django tells (D-097, D-098, D-126)', async () => {
    const author = await Author.create({ name: 'Ada' });

    expect(names()).to.deep.equal(['preSave', 'postSave']);
    const [before, after] = seen;
    expect(before).to.include({ sender: Author, instance: author, raw: false, using: 'default' });
    expect(before).to.include({ updateFields: null, transaction: undefined });
    expect(before).not.to.have.property('created');
    expect(after).to.include({ sender: Author, instance: author, created: true });
  });

  it('see a new row before and a stored one after (D-099)', async () => {
    const states: unknown[] = [];
    connect(preSave, ({ id, isNewRecord }) => states.push([id, isNewRecord]));
    connect(postSave, ({ id, isNewRecord }) => states.push([typeof id, isNewRecord]));

    await Author.create({ name: 'Ada' });

    expect(states).to.deep.equal([
      [null, true],
      ['number', false],
    ]);
  });

  it('say that nothing was created by an UPDATE', async () => {
    const author = await Author.create({ name: 'Ada' });
    seen.length = 0;

    author.name = 'Grace';
    await author.save();

    expect(seen[1]).to.include({ created: false, updateFields: null });
  });

  it('say that a row was created for a key set by hand (D-100)', async () => {
    await Author.create({ id: 7, name: 'Ada' });

    expect(seen[1]).to.include({ created: true });
  });

  it('say that nothing was created for another key, which Sequelize does not take (D-100)', async () => {
    const author = await Author.create({ name: 'Ada' });
    const { id } = author;
    seen.length = 0;

    author.set({ id: id + 1, name: 'Grace' });
    await author.save();

    expect(seen[1]).to.include({ created: false });
    expect(await Author.findAll({ raw: true })).to.deep.equal([{ id, name: 'Grace', age: null }]);
  });

  it('tell from the statement whether a row was created (J-27)', async () => {
    const { id } = await Author.create({ name: 'Ada' });
    connect(preSave, (author) => {
      author.isNewRecord = false;
    });
    seen.length = 0;

    await new Author({ id, name: 'Grace' }).save();

    expect(seen[1]).to.include({ created: false });
    expect(await Author.findAll({ raw: true })).to.deep.equal([{ id, name: 'Grace', age: null }]);
  });

  it('open no transaction outside of a block (D-229)', async () => {
    const author = await Author.create({ name: 'Ada' });
    await author.set('name', 'Grace').save();

    expect(statements.verbs()).to.deep.equal(['INSERT', 'UPDATE']);
    expect(seen.map((event) => event.transaction)).to.deep.equal(Array(4).fill(undefined));
  });

  it('are both sent when there is nothing to write', async () => {
    const author = await Author.create({ name: 'Ada' });
    seen.length = 0;
    statements.clear();

    await author.save();

    expect(names()).to.deep.equal(['preSave', 'postSave']);
    expect(seen[1]).to.include({ created: false, updateFields: null });
    expect(statements.all).to.deep.equal([]);
  });

  it('name the fields that the caller named (D-102, J-28)', async () => {
    const author = await Author.create({ name: 'Ada', age: 36 });
    seen.length = 0;

    author.set({ name: 'Grace', age: 85 });
    await author.save({ fields: ['name', 'name'] });

    expect(seen.map(({ updateFields }) => updateFields)).to.deep.equal([
      new Set(['name']),
      new Set(['name']),
    ]);
  });

  it('name the fields given to update(), changed or not', async () => {
    const author = await Author.create({ name: 'Ada', age: 36 });
    seen.length = 0;

    await author.update({ name: 'Ada', age: 37 });
    await author.update({ name: 'Ada' });

    expect(seen.map(({ updateFields }) => updateFields)).to.deep.equal([
      new Set(['name', 'age']),
      new Set(['name', 'age']),
      new Set(['name']),
      new Set(['name']),
    ]);
  });

  it('are not sent when no field is to be saved (D-103, J-28)', async () => {
    const author = await Author.create({ name: 'Ada' });
    seen.length = 0;
    statements.clear();

    author.name = 'Grace';
    await author.save({ fields: [] });
    await author.update({});

    expect(seen).to.deep.equal([]);
    expect(statements.all).to.deep.equal([]);
  });

  it('are not sent when a field is named that the model does not have (D-104)', async () => {
    const author = await Author.create({ name: 'Ada' });
    seen.length = 0;
    statements.clear();
    const fields = ['name', 'nonsense'];

    const errors = [
      await rejectionOf(author.save({ fields })),
      await rejectionOf(author.update({ name: 'Grace' }, { fields })),
      // As Sequelize takes it, though its types do not.
      await rejectionOf(author.update({ name: 'Grace' }, fields as object)),
      await rejectionOf(Author.create({ name: 'Grace' }, { fields })),
    ];

    for (const error of errors) {
      expect(error).to.be.instanceOf(InvalidArgumentError);
      expect(error.message).to.match(/"nonsense".* It has: id, name, age/);
    }
    expect(author.name).to.equal('Ada');
    expect(seen).to.deep.equal([]);
    expect(statements.all).to.deep.equal([]);
  });

  it('are not sent either for calls of the model that name such fields (D-104)', async () => {
    const bulk: string[] = [];
    for (const signal of [preBulkCreate, preBulkUpdate] as unknown as ModelSignal[]) {
      disconnect.push(signal.connect(() => void bulk.push(signal.name), { sender: Author }));
    }
    const fields = ['name', 'nonsense'];
    const rows = [{ name: 'Grace' }];

    const errors = [
      await rejectionOf(Author.bulkCreate(rows, { fields } as object)),
      await rejectionOf(Author.bulkCreate(rows, { updateOnDuplicate: fields } as object)),
      await rejectionOf(Author.bulkCreate(rows, { fields, individualHooks: true } as object)),
      await rejectionOf(Author.upsert({ name: 'Grace' }, { fields } as object)),
      await rejectionOf(Author.update({ name: 'Grace' }, { fields, where: {} } as never)),
    ];

    for (const error of errors) {
      expect(error).to.be.instanceOf(InvalidArgumentError);
      expect(error.message).to.match(/"(fields|updateOnDuplicate)".*"nonsense"/);
    }
    expect([...bulk, ...seen]).to.deep.equal([]);
    expect(statements.all).to.deep.equal([]);
  });

  it('take the fields that Sequelize takes: keys, and attributes without a column (D-104)', async () => {
    using _before = preSave.connect((event) => void seen.push(event as never), { sender: Note });

    const fields = ['id', 'text', 'shouted'];
    const note = await Note.create({ id: 3, shouted: 'STOP' }, { fields });

    expect(seen[0]?.updateFields).to.deep.equal(new Set(fields));
    expect(await Note.findAll({ raw: true })).to.deep.equal([{ id: 3, text: 'stop' }]);
    await note.destroy();
  });

  it('take the options of a hook, with the fields that Sequelize chose for another model', async () => {
    Author.addHook('afterCreate', 'log', async (_author, options) => {
      await Note.create({ text: 'created' }, options as object);
    });
    using _before = preSave.connect((event) => void seen.push(event as never), { sender: Note });

    await Author.create({ name: 'Ada' });
    Author.removeHook('afterCreate', 'log');

    expect(seen.map(({ sender }) => sender)).to.deep.equal([Author, Note, Author]);
    await Note.destroy({ where: {} });
  });

  it('take those of a hook of many rows, too', async () => {
    Author.addHook('beforeBulkCreate', 'log', async (_authors, options) => {
      await Note.create({ text: 'created' }, options as object);
      await Note.bulkCreate([{ text: 'created' }], options as object);
    });
    using _before = preSave.connect(() => {}, { sender: Note });

    await Author.bulkCreate([{ name: 'Ada' }]);
    Author.removeHook('beforeBulkCreate', 'log');

    expect(await Note.count()).to.equal(2);
    await Note.destroy({ where: {} });
  });

  it('name the fields of a row that is created with some only (D-105)', async () => {
    await new Author({ name: 'Ada', age: 36 }).save({ fields: ['name'] });

    expect(seen[1]).to.deep.include({ created: true, updateFields: new Set(['name']) });
    expect(await Author.count({ where: { name: 'Ada', age: null } })).to.equal(1);
  });

  it('name no fields for an instance that was loaded with some only (D-107, D-108)', async () => {
    await Author.create({ name: 'Ada', age: 36 });
    const author = await Author.findOne({ attributes: ['id', 'name'], rejectOnEmpty: true });
    seen.length = 0;

    author.name = 'Grace';
    await author.save();

    expect(seen[1]).to.include({ sender: Author, updateFields: null });
    expect(await Author.count({ where: { name: 'Grace', age: 36 } })).to.equal(1);
  });

  it('let preSave change what is written (D-113)', async () => {
    const author = await Author.create({ name: 'Ada' });
    connect(preSave, (instance) => {
      instance.age = 36;
    });

    author.name = 'Grace';
    await author.save();
    await Author.create({ name: 'Edsger' });

    const rows = await Author.findAll({ order: ['name'], attributes: ['name', 'age'], raw: true });
    expect(rows).to.deep.equal([
      { name: 'Edsger', age: 36 },
      { name: 'Grace', age: 36 },
    ]);
  });

  it('let preSave change what is written where nothing was changed', async () => {
    const author = await Author.create({ name: 'Ada' });
    connect(preSave, (instance) => {
      instance.age = 36;
    });
    seen.length = 0;

    await author.save();

    expect(names()).to.deep.equal(['preSave', 'postSave']);
    expect(await Author.count({ where: { age: 36 } })).to.equal(1);
  });

  it('write no more than the fields that the caller named to save()', async () => {
    const author = await Author.create({ name: 'Ada' });
    connect(preSave, (instance) => {
      instance.age = 36;
    });

    author.name = 'Grace';
    await author.save({ fields: ['name'] });
    expect(await Author.count({ where: { name: 'Grace', age: 36 } })).to.equal(0);

    const [found] = await Author.findAll();
    await found?.update({ name: 'Edsger' });
    expect(await Author.count({ where: { name: 'Edsger', age: 36 } })).to.equal(1);
  });

  it('let postSave see what has been written', async () => {
    const author = await Author.create({ name: 'Ada' });
    const changes: unknown[] = [];
    connect(postSave, (instance) => changes.push(instance.changed(), instance.previous('name')));

    await author.update({ name: 'Grace' });

    expect(changes).to.deep.equal([['name'], 'Ada']);
  });

  it('send no postSave when the row is gone (D-101, D-119)', async () => {
    const author = await Author.create({ name: 'Ada' });
    await Author.destroy({ where: {} });
    seen.length = 0;

    await author.update({ name: 'Grace' });

    expect(names()).to.deep.equal(['preSave']);
    expect(await Author.count()).to.equal(0);
  });

  it('send no postSave when the row is gone by now, in a transaction that has seen it (D-101)', async () => {
    const author = await Author.create({ name: 'Ada' });
    seen.length = 0;

    await atomic(async () => {
      await Author.count();
      if (database.dialect !== 'sqlite') await Author.destroy({ where: {}, transaction: null });
      else await Author.destroy({ where: {} });
      await author.update({ name: 'Grace' });
    });

    expect(names()).to.deep.equal(['preSave']);
  });

  it('are both sent for an UPDATE that makes no difference', async () => {
    const author = await Author.create({ name: 'Ada' });
    seen.length = 0;

    author.changed('name', true);
    await author.save();

    expect(names()).to.deep.equal(['preSave', 'postSave']);
    expect(statements.verbs()).to.include('UPDATE');
  });

  it('send no postSave for an INSERT that was to leave alone what is there', async () => {
    await Author.create({ name: 'Ada' });
    seen.length = 0;

    // PostgreSQL tells of it, the others do not.
    await Author.create({ name: 'Ada' }, { ignoreDuplicates: true } as object).catch(() => {});
    expect(names()).to.deep.equal(['preSave']);

    await Author.create({ name: 'Grace' }, { ignoreDuplicates: true } as object);
    expect(names()).to.deep.equal(['preSave', 'preSave', 'postSave']);
    expect(seen[2]).to.include({ created: true });
  });

  it('leave the block sound after such an INSERT', async () => {
    await Author.create({ name: 'Ada' });

    await atomic(async () => {
      await Author.create({ name: 'Ada' }, { ignoreDuplicates: true } as object).catch(() => {});
      await Author.create({ name: 'Grace' });
    });

    expect(await Author.count()).to.equal(2);
  });

  it('leave the row alone when preSave fails (D-114)', async () => {
    connect(preSave, () => {
      throw new Error('boom');
    });

    const error = await rejectionOf(Author.create({ name: 'Ada' }));

    expect(error.message).to.equal('boom');
    expect(names()).to.deep.equal(['preSave']);
    expect(statements.all).to.deep.equal([]);
  });

  it('keep the row when postSave fails outside of a block (D-115, D-117)', async () => {
    const blocks: boolean[] = [];
    connect(postSave, () => {
      blocks.push(transaction.inAtomicBlock());
      throw new Error('boom');
    });

    const error = await rejectionOf(Author.create({ name: 'Ada' }));

    expect(error.message).to.equal('boom');
    expect(blocks).to.deep.equal([false]);
    expect(await Author.count()).to.equal(1);
  });

  it('begin no block for the write, and have callbacks run at once (D-117, D-123)', async () => {
    const log: unknown[] = [];
    connect(preSave, () => log.push(transaction.inAtomicBlock()));
    connect(postSave, async () => {
      await onCommit(() => void log.push('callback'));
      log.push(transaction.inAtomicBlock());
    });

    await Author.create({ name: 'Ada' });

    expect(log).to.deep.equal([false, 'callback', false]);
    expect(statements.verbs()).to.deep.equal(['INSERT']);
  });

  it('keep the block sound when postSave fails in it (D-116)', async () => {
    connect(postSave, () => {
      throw new Error('boom');
    });

    await atomic(() => rejectionOf(Author.create({ name: 'Ada' })));

    expect(await Author.count()).to.equal(1);
  });

  it('send no postSave when the write fails (D-118)', async () => {
    await Author.create({ name: 'Ada' });
    seen.length = 0;

    const error = await rejectionOf(Author.create({ name: 'Ada' }));

    expect(error.name).to.equal('SequelizeUniqueConstraintError');
    expect(names()).to.deep.equal(['preSave']);
  });

  it('send no postSave when somebody else has written the row of an old version (D-119)', async () => {
    const draft = await Draft.create({ title: 'Notes' });
    await Draft.increment('version', { where: {} });
    disconnect.push(
      preSave.connect((event) => void seen.push(event as never), { sender: Draft }),
      postSave.connect((event) => void seen.push(event as never), { sender: Draft }),
    );

    const error = await rejectionOf(draft.update({ title: 'Letters' }));

    expect(error.name).to.equal('SequelizeOptimisticLockError');
    expect(names()).to.deep.equal(['preSave']);
  });

  it('break the block when the write fails in it (D-125)', async () => {
    await Author.create({ name: 'Ada' });

    const error = await rejectionOf(atomic(() => rejectionOf(Author.create({ name: 'Ada' }))));

    expect(error).to.be.instanceOf(RolledBackError);
    expect(error.cause).to.have.property('name', 'SequelizeUniqueConstraintError');
  });

  it('may be sent again by a receiver that saves (D-124)', async () => {
    connect(postSave, async (author) => {
      if (author.age !== 1) await author.update({ age: 1 });
    });

    await Author.create({ name: 'Ada' });

    expect(names()).to.deep.equal(['preSave', 'postSave', 'preSave', 'postSave']);
    expect(seen[3]).to.include({ created: false });
  });

  it('come after the hooks of the application, whichever were added first', async () => {
    const order: string[] = [];
    Author.addHook('beforeCreate', 'order', () => void order.push('of the model'));
    sequelize.addHook('beforeCreate', 'order', () => void order.push('of the database'));
    connect(preSave, () => order.push('preSave'));

    await Author.create({ name: 'Ada' });
    Author.removeHook('beforeCreate', 'order');
    sequelize.removeHook('beforeCreate', 'order');

    expect(order).to.deep.equal(['of the model', 'of the database', 'preSave']);
  });

  it('are not sent when a hook of the application fails', async () => {
    sequelize.addHook('beforeCreate', 'fail', () => Promise.reject(new Error('of the hook')));

    const error = await rejectionOf(Author.create({ name: 'Ada' }));
    sequelize.removeHook('beforeCreate', 'fail');

    expect(error.message).to.equal('of the hook');
    expect(seen).to.deep.equal([]);
  });

  it('are switched off by hooks: false', async () => {
    const author = await Author.create({ name: 'Ada' }, { hooks: false });
    await author.update({ name: 'Grace' }, { hooks: false });
    await author.save({ hooks: false });

    expect(seen).to.deep.equal([]);
  });

  it('tell of raw values (D-120)', async () => {
    await Author.create({ name: 'Ada' }, { raw: true });

    expect(seen.map(({ raw }) => raw)).to.deep.equal([true, true]);
  });

  it('belong to the model itself when an instance comes from a scope', async () => {
    await Author.scope({ where: { age: 36 } }).create({ name: 'Ada', age: 36 });
    const found = await Author.unscoped().findOne({ rejectOnEmpty: true });
    await found.update({ age: 37 });

    expect(seen.map(({ sender }) => sender)).to.deep.equal([Author, Author, Author, Author]);
  });

  it('run in the current block', async () => {
    const current = await atomic(async (t) => {
      await Author.create({ name: 'Ada' });
      return t;
    });

    expect(seen[0]).to.include({ transaction: current });
    expect(seen[1]).to.include({ transaction: current });
  });

  it('run in the transaction that the caller passed', async () => {
    const currents: unknown[] = [];
    connect(preSave, () => currents.push(transaction.current()));
    connect(postSave, async () => currents.push(transaction.current(), await Author.count()));
    const t = await sequelize.transaction();

    await Author.create({ name: 'Ada' }, { transaction: t });
    await t.rollback();

    expect(currents).to.deep.equal([t, t, 1]);
    expect(seen[1]).to.include({ transaction: t });
    expect(await Author.count()).to.equal(0);
  });

  // The only connection of SQLite's memory is taken by the block.
  if (database.name !== 'sqlite memory') {
    it('run outside of the block that the caller opted out of', async () => {
      const currents: unknown[] = [];
      connect(postSave, () => currents.push(transaction.current()));

      await atomic(() => Author.create({ name: 'Ada' }, { transaction: null }));

      expect(currents).to.deep.equal([undefined]);
      expect(seen[1]).to.include({ transaction: undefined });
    });
  }
});
