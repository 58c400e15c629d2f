import { expect } from 'chai';
import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import {
  type Connection,
  install,
  type ModelSignal,
  postBulkDelete,
  postBulkUpdate,
  postDelete,
  postSave,
  preBulkDelete,
  preBulkUpdate,
  preDelete,
  preSave,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { rejectionOf } from '../support/rejection.js';
import { Statements } from '../support/statements.js';

const ALL = [
  ...[preSave, postSave, preDelete, postDelete],
  ...[preBulkUpdate, postBulkUpdate, preBulkDelete, postBulkDelete],
] as unknown as ModelSignal[];

describeOnEachDatabase('deleting a row that others refer to', (database) => {
  const statements = new Statements();
  const sent: string[] = [];
  let sequelize: Sequelize;
  let connection: Connection;
  let Shelf: ModelStatic<Model>;
  let shelf: Model;
  const undo: (() => boolean)[] = [];

  before(() => {
    sequelize = database.connect({ define: { timestamps: false }, logging: statements.log });
    connection = install(sequelize);
  });
  beforeEach(() => {
    Shelf = sequelize.define('Shelf', {});
  });
  afterEach(async () => {
    for (const disconnect of undo.splice(0)) disconnect();
    await sequelize.drop();
    const { modelManager } = sequelize;
    for (const model of [...modelManager.all]) {
      modelManager.removeModel(model as ModelStatic<Model>);
    }
  });
  after(() => connection.uninstall());

  /** A model with one row that refers to the shelf, and what has been sent since. */
  async function bookWith(relation: object): Promise<Model> {
    const Book = sequelize.define('Book', { title: DataTypes.STRING });
    Shelf.hasMany(Book, relation);
    await sequelize.sync({ force: true });
    shelf = await Shelf.create();
    const book = await Book.create({ title: 'Notes', ShelfId: shelf.get('id') });
    for (const signal of ALL) {
      undo.push(signal.connect(({ sender }) => void sent.push(`${signal.name} ${sender.name}`)));
    }
    sent.length = 0;
    return book;
  }

  const countBooks = (where = {}) => sequelize.model('Book').count({ where });

  describe('when the database cascades', () => {
    const onDelete = 'CASCADE';

    it('sends nothing for the others (D-166)', async () => {
      await bookWith({ onDelete });

      await shelf.destroy();

      expect(sent).to.deep.equal(['preDelete Shelf', 'postDelete Shelf']);
      expect(await countBooks()).to.equal(0);
    });

    it('counts the rows of the model alone (D-158)', async () => {
      await bookWith({ onDelete });

      const count = await Shelf.destroy({ where: {} });

      expect(count).to.equal(1);
      expect(await countBooks()).to.equal(0);
    });
  });

  describe('when Sequelize cascades', () => {
    const relation = { onDelete: 'CASCADE', hooks: true };

    it('sends the signals of the others when nobody listens to the first (D-163)', async () => {
      await bookWith(relation);
      for (const disconnect of undo.splice(0)) disconnect();
      undo.push(postDelete.connect(() => void sent.push('postDelete'), { sender: 'Book' }));

      await shelf.destroy();

      expect(sent).to.deep.equal(['postDelete']);
    });

    for (const isHeard of ['both', 'the others alone']) {
      it(`sends their signals in Model.destroy() with individualHooks too, for ${isHeard} (sequelize#3529)`, async () => {
        await bookWith(relation);
        for (const disconnect of undo.splice(0)) disconnect();
        const senders = isHeard === 'both' ? ['Shelf', 'Book'] : ['Book'];
        const origins = new Set<object>();
        for (const sender of senders) {
          for (const signal of [preDelete, postDelete]) {
            undo.push(
              signal.connect(
                ({ origin }) => {
                  sent.push(`${signal.name} ${sender}`);
                  origins.add(origin);
                },
                { sender },
              ),
            );
          }
        }
        const options = { where: { id: shelf.get('id') as number }, individualHooks: true };

        const count = await Shelf.destroy(options);

        const ofBook = ['preDelete Book', 'postDelete Book'];
        const all = ['preDelete Shelf', ...ofBook, 'postDelete Shelf'];
        expect(sent).to.deep.equal(isHeard === 'both' ? all : ofBook);
        expect([...origins]).to.deep.equal([options]);
        expect(count).to.equal(1);
        expect(await countBooks()).to.equal(0);
      });
    }

    it('loads the others with all their fields, also when nobody listens (D-165)', async () => {
      await bookWith(relation);
      for (const disconnect of undo.splice(0)) disconnect();
      statements.clear();

      await shelf.destroy();

      expect(statements.all[0]).to.match(/SELECT .*title/);
    });

    it('leaves every instance its key, that of the caller and the one that it loads (D-145, D-146)', async () => {
      const book = await bookWith(relation);
      const deleted: Model[] = [];
      undo.push(postDelete.connect(({ instance }) => void deleted.push(instance)));
      const keys = [book, shelf].map((instance) => instance.get('id'));

      await shelf.destroy();

      expect(deleted[0]).not.to.equal(book);
      expect(deleted.map((instance) => instance.get('id'))).to.deep.equal(keys);
      expect([book, shelf].map((instance) => instance.get('id'))).to.deep.equal(keys);
    });
  });

  describe('when Sequelize cascades in a circle (sequelize#3529)', () => {
    const relation = { onDelete: 'CASCADE', hooks: true };

    for (const isHeard of [true, false]) {
      it(`ends in an error that says so when ${isHeard ? 'somebody' : 'nobody'} listens`, async () => {
        await bookWith(relation);
        sequelize.model('Book').belongsTo(Shelf, relation);
        if (!isHeard) for (const disconnect of undo.splice(0)) disconnect();

        const error = await rejectionOf(shelf.destroy());

        expect(error).to.have.property('code', 'SIGNALS_CIRCULAR_CASCADE');
        expect([await Shelf.count(), await countBooks()]).to.deep.equal([1, 1]);
      });
    }

    it('goes by the same model, and by the same row twice, where there is no circle', async () => {
      const Node = sequelize.define('Node', {});
      Node.hasMany(Node, { as: 'children', foreignKey: 'parentId', ...relation });
      await sequelize.sync({ force: true });
      const top = await Node.create({ id: 1 });
      await Node.bulkCreate([2, 3, 4].map((id) => ({ id, parentId: Math.floor(id / 2) })));

      await top.destroy();

      expect(await Node.count()).to.equal(0);
    });
  });

  it('sends nothing for the others when their key becomes null (D-154)', async () => {
    await bookWith({ onDelete: 'SET NULL' });

    await shelf.destroy();

    expect(sent).to.deep.equal(['preDelete Shelf', 'postDelete Shelf']);
    expect(await countBooks({ ShelfId: null })).to.equal(1);
  });

  it('sends preDelete, and no postDelete, when the database refuses it (D-155)', async () => {
    await bookWith({ onDelete: 'RESTRICT' });

    const error = await rejectionOf(shelf.destroy());

    expect(error).to.have.property('parent');
    expect(sent).to.deep.equal(['preDelete Shelf']);
    expect(await Shelf.count()).to.equal(1);
  });
});
