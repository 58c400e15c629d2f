import { expect } from 'chai';
import { DataTypes, Model, type ModelStatic, type Sequelize } from 'sequelize';
import {
  atomic,
  type Connection,
  type Delete,
  InvalidArgumentError,
  install,
  onCommit,
  postDelete,
  preDelete,
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
}
class Shelf extends Model {}
class Book extends Model {}
class Draft extends Model {}
class Letter extends Model {}

function defineModels(sequelize: Sequelize): void {
  const timestamps = false;
  Author.init({ name: DataTypes.STRING }, { sequelize, modelName: 'Author', timestamps });
  Book.init({ title: DataTypes.STRING }, { sequelize, modelName: 'Book', timestamps });
  Draft.init({ title: DataTypes.STRING }, { sequelize, modelName: 'Draft', paranoid: true });
  Letter.init({ text: DataTypes.STRING }, { sequelize, modelName: 'Letter', version: true });
  Shelf.init({}, { sequelize, modelName: 'Shelf', timestamps });
  Shelf.hasMany(Book, { onDelete: 'CASCADE', hooks: true });
}

describeOnEachDatabase('preDelete and postDelete', (database) => {
  const statements = new Statements();
  const seen: SignalEvent<Delete, ModelStatic<Model>>[] = [];
  let sequelize: Sequelize;
  let connection: Connection;
  let ada: Author;
  let disconnect: (() => boolean)[] = [];

  before(async () => {
    sequelize = database.connect({ logging: statements.log });
    connection = install(sequelize);
    defineModels(sequelize);
    await sequelize.sync();
  });
  beforeEach(async () => {
    await Author.destroy({ where: {} });
    ada = await Author.create({ name: 'Ada' });
    disconnect = [
      preDelete.connect((event) => void seen.push(event)),
      postDelete.connect((event) => void seen.push(event)),
    ];
    statements.clear();
    seen.length = 0;
  });
  afterEach(() => {
    for (const undo of disconnect) undo();
  });
  after(() => connection.uninstall());

  function failIn(signal: typeof preDelete): void {
    const fail = () => {
      throw new Error('boom');
    };
    disconnect.push(signal.connect(fail, { sender: Author }));
  }

  it('send no postDelete when somebody else has written the row of an old version', async () => {
    const letter = await Letter.create({ text: 'Dear' });
    const stale = await Letter.findByPk(letter.get('id') as number, { rejectOnEmpty: true });
    await letter.update({ text: 'Dearest' });

    await stale.destroy();
    expect(seen.map(({ signal }) => signal.name)).to.deep.equal(['preDelete']);
    expect(await Letter.count()).to.equal(1);

    await letter.destroy();
    expect(seen.map(({ signal }) => signal.name)).to.deep.equal([
      ...['preDelete', 'preDelete', 'postDelete'],
    ]);
    expect(await Letter.count()).to.equal(0);
  });

  it('are sent around the DELETE, with all that Django tells (D-139, D-140, D-145)', async () => {
    await ada.destroy();

    expect(seen.map(({ signal }) => signal.name)).to.deep.equal(['preDelete', 'postDelete']);
    for (const event of seen) {
      expect(event).to.include({ sender: Author, instance: ada, origin: ada, using: 'default' });
      expect(event).to.include({ soft: false });
      expect(event.instance).to.have.property('id').that.is.a('number');
    }
  });

  it('run with the DELETE as one block (D-144, D-147)', async () => {
    const counts: number[] = [];
    disconnect.push(
      preDelete.connect(async () => void counts.push(await Author.count())),
      postDelete.connect(async () => void counts.push(await Author.count())),
    );

    await ada.destroy();

    expect(counts).to.deep.equal([1, 0]);
    expect(statements.verbs()).to.deep.equal(['BEGIN', 'SELECT', 'DELETE', 'SELECT', 'COMMIT']);
    expect(seen[0]?.transaction).not.to.equal(undefined);
    expect(seen[0]?.transaction).to.equal(seen[1]?.transaction);
  });

  it('add nothing while nobody listens (D-162, D-164)', async () => {
    for (const undo of disconnect) undo();

    await ada.destroy();

    expect(statements.verbs()).to.deep.equal(['DELETE']);
  });

  it('delete nothing when preDelete fails (D-148)', async () => {
    failIn(preDelete);

    const error = await rejectionOf(ada.destroy());

    expect(error.message).to.equal('boom');
    expect(statements.all).to.deep.equal([]);
    expect(await Author.count()).to.equal(1);
  });

  it('undo the DELETE when postDelete fails (D-149)', async () => {
    failIn(postDelete);

    const error = await rejectionOf(ada.destroy());

    expect(error.message).to.equal('boom');
    expect(statements.verbs()).to.deep.equal(['BEGIN', 'DELETE', 'ROLLBACK']);
    expect(await Author.count()).to.equal(1);
  });

  it('break the block around a failure (D-150)', async () => {
    failIn(postDelete);

    const error = await rejectionOf(atomic(() => rejectionOf(ada.destroy())));

    expect(error).to.be.instanceOf(RolledBackError);
    expect(error.cause).to.have.property('message', 'boom');
    expect(await Author.count()).to.equal(1);
  });

  it('have callbacks run when their own block has committed', async () => {
    const order: string[] = [];
    disconnect.push(
      preDelete.connect(() => onCommit(() => void order.push('committed'))),
      postDelete.connect(() => void order.push('postDelete')),
    );

    await ada.destroy();

    expect(order).to.deep.equal(['postDelete', 'committed']);
  });

  it('run in the transaction that the caller passed', async () => {
    const currents: unknown[] = [];
    disconnect.push(preDelete.connect(() => void currents.push(transaction.current())));
    const t = await sequelize.transaction();

    await ada.destroy({ transaction: t });
    await t.rollback();

    expect(currents).to.deep.equal([t]);
    expect(await Author.count()).to.equal(1);
  });

  it('let deletions that are started together all succeed', async () => {
    disconnect.push(preDelete.connect(async () => void (await Author.count())));
    const authors = await Author.bulkCreate(Array.from({ length: 12 }, () => ({ name: 'Bob' })));

    await Promise.all(authors.map((author) => author.destroy()));

    expect(await Author.count()).to.equal(1);
  });

  // The only connection of SQLite's memory is taken, and a file is locked.
  if (database.dialect !== 'sqlite') {
    it('may delete outside of the block that they are sent in', async () => {
      const draft = await Draft.create({ title: 'Notes' });
      disconnect.push(
        preDelete.connect(() => draft.destroy({ transaction: null }), { once: true }),
      );

      await ada.destroy();

      expect(await Draft.findByPk(draft.get('id') as number)).to.equal(null);
    });
  }

  it('do not wait for the block that they are sent in', async () => {
    disconnect.push(
      preDelete.connect(async (event) => {
        await atomic({ transaction: event.transaction }, () => Author.count());
        await atomic(() => Author.count());
      }),
    );

    await atomic((outer) => atomic(() => ada.destroy({ transaction: outer })));

    expect(await Author.count()).to.equal(0);
  });

  it('tell that a paranoid row is only marked', async () => {
    const draft = await Draft.create({ title: 'Notes' });
    seen.length = 0;

    await draft.destroy();
    await draft.destroy({ force: true });

    expect(seen.map(({ soft }) => soft)).to.deep.equal([true, true, false, false]);
  });

  it('leave a paranoid row unmarked when a receiver fails, and ready to be marked', async () => {
    const draft = await Draft.create({ title: 'Notes' });
    const fail = () => {
      throw new Error('boom');
    };
    disconnect.push(postDelete.connect(fail, { sender: Draft, once: true }));

    await rejectionOf(draft.destroy());
    expect(draft.isSoftDeleted()).to.equal(false);
    expect(await Draft.findByPk(draft.get('id') as number)).not.to.equal(null);

    await draft.destroy();
    expect(await Draft.findByPk(draft.get('id') as number)).to.equal(null);
  });

  it('tell where a cascade of Sequelize began (D-140, D-141, D-142)', async () => {
    const shelf = await Shelf.create({});
    await Book.create({ title: 'Notes', ShelfId: shelf.get('id') });
    statements.clear();

    await shelf.destroy();

    const told = seen.map(({ signal, sender, origin }) => [signal.name, sender.name, origin]);
    expect(told).to.deep.equal([
      ['preDelete', 'Shelf', shelf],
      ['preDelete', 'Book', shelf],
      ['postDelete', 'Book', shelf],
      ['postDelete', 'Shelf', shelf],
    ]);
    expect(statements.verbs()).to.deep.equal(['BEGIN', 'SELECT', 'DELETE', 'DELETE', 'COMMIT']);
  });

  it('are not sent for what the database deletes in a cascade (J-25)', async () => {
    const [Room, Chair] = ['Room', 'Chair'].map((name) =>
      sequelize.define(name, {}, { timestamps: false }),
    ) as [ModelStatic<Model>, ModelStatic<Model>];
    Room.hasMany(Chair, { onDelete: 'CASCADE' });
    await sequelize.sync();
    const room = await Room.create();
    await Chair.create({ RoomId: room.get('id') });

    await room.destroy();

    expect(seen.map(({ sender }) => sender)).to.deep.equal([Room, Room]);
    expect(await Chair.count()).to.equal(0);
  });

  it('are switched off by hooks: false', async () => {
    await ada.destroy({ hooks: false });

    expect(seen).to.deep.equal([]);
  });

  it('are not sent for an instance without a key (D-156)', async () => {
    const error = await rejectionOf(new Author({ name: 'Nobody' }).destroy());

    expect(error).to.be.instanceOf(InvalidArgumentError);
    expect(seen).to.deep.equal([]);
    expect(statements.all).to.deep.equal([]);
  });
});
