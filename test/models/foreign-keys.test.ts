import { expect } from 'chai';
import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import {
  type Connection,
  install,
  type ModelSignal,
  postBulkUpdate,
  postSave,
  preBulkUpdate,
  preSave,
  type SignalEvent,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';

type Change = (given?: unknown, options?: object) => Promise<unknown>;
/** An instance with the methods that hasMany and belongsTo give it. */
type Linked = Model &
  Record<`${'add' | 'remove' | 'set'}Books` | 'createBook' | 'setShelf', Change>;
type Event = SignalEvent<{ readonly updateFields?: unknown }, ModelStatic<Model>>;

describeOnEachDatabase('relations by a foreign key', (database) => {
  const events: Event[] = [];
  let sequelize: Sequelize;
  let connection: Connection;
  let Shelf: ModelStatic<Model>;
  let Book: ModelStatic<Model>;
  let shelf: Linked;
  let books: Linked[];
  let undo: (() => boolean)[] = [];

  before(async () => {
    sequelize = database.connect({ define: { timestamps: false } });
    connection = install(sequelize);
    Shelf = sequelize.define('Shelf', {});
    Book = sequelize.define('Book', { title: DataTypes.STRING });
    Shelf.hasMany(Book);
    Book.belongsTo(Shelf);
    await sequelize.sync({ force: true });
  });
  beforeEach(async () => {
    await Book.destroy({ where: {} });
    shelf = (await Shelf.create()) as Linked;
    books = [(await Book.create()) as Linked, (await Book.create()) as Linked];
    undo = [preSave, postSave, preBulkUpdate, postBulkUpdate].map((signal) =>
      (signal as ModelSignal).connect((event) => void events.push(event as Event)),
    );
    events.length = 0;
  });
  afterEach(() => {
    for (const disconnect of undo) disconnect();
  });
  after(() => connection.uninstall());

  const names = () => events.map(({ signal }) => signal.name);

  it('send the signals of Model.update(), and none for each row (D-134)', async () => {
    await shelf.addBooks(books);
    await shelf.setBooks([books[0]]);
    await shelf.removeBooks([books[0]]);

    expect(names()).to.deep.equal([
      ...['preBulkUpdate', 'postBulkUpdate'],
      ...['preBulkUpdate', 'postBulkUpdate'],
      ...['preBulkUpdate', 'postBulkUpdate'],
    ]);
    for (const { sender } of events) expect(sender).to.equal(Book);
  });

  it('send the save signals too with individualHooks (D-135)', async () => {
    await shelf.addBooks(books, { individualHooks: true });
    await shelf.removeBooks([books[0]], { individualHooks: true });

    expect(names()).to.deep.equal([
      ...['preBulkUpdate', 'preSave', 'preSave', 'postSave', 'postSave', 'postBulkUpdate'],
      ...['preBulkUpdate', 'preSave', 'postSave', 'postBulkUpdate'],
    ]);
    for (const { signal, updateFields } of events) {
      const isOfRow = signal.name === 'preSave' || signal.name === 'postSave';
      expect(updateFields).to.deep.equal(isOfRow ? new Set(['ShelfId']) : undefined);
    }
  });

  it('send the save signals of what createX creates (D-136)', async () => {
    await shelf.createBook({ title: 'Notes' });

    expect(names()).to.deep.equal(['preSave', 'postSave']);
    expect(events[1]).to.include({ sender: Book, created: true, updateFields: null });
    expect(await Book.count({ where: { title: 'Notes', ShelfId: shelf.get('id') } })).to.equal(1);
  });

  it('send as for any other key when an instance has none yet, which is stored as null (D-106)', async () => {
    const [book] = books;
    await book?.setShelf(shelf);
    events.length = 0;

    await book?.setShelf(Shelf.build());

    expect(names()).to.deep.equal(['preSave', 'postSave']);
    expect(await Book.count({ where: { ShelfId: shelf.get('id') } })).to.equal(0);
  });
});
