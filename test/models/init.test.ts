import { expect } from 'chai';
import { DataTypes, Model, type Sequelize } from 'sequelize';
import { AsyncReceiverError, type Connection, install, postInit, preInit } from 'sequelize-signals';
import { useFakeTimers } from 'sinon';
import { describeOnEachDatabase } from '../support/databases.js';

class Author extends Model {
  declare id: number;
  declare name: string;
}
class Book extends Model {}

describeOnEachDatabase('preInit and postInit', (database) => {
  const log: unknown[][] = [];
  let sequelize: Sequelize;
  let connection: Connection;
  let undo: (() => boolean)[] = [];

  before(async () => {
    sequelize = database.connect();
    connection = install(sequelize);
    const timestamps = false;
    Author.init({ name: DataTypes.STRING }, { sequelize, modelName: 'Author', timestamps });
    Book.init({ title: DataTypes.STRING }, { sequelize, modelName: 'Book', timestamps });
    Author.hasMany(Book);
    await sequelize.sync({ force: true });
    const ada = await Author.create({ name: 'Ada' });
    await Book.create({ title: 'Notes', AuthorId: ada.id });
  });
  beforeEach(() => {
    undo = [
      preInit.connect(({ sender, values, using }) => {
        log.push(['preInit', sender.name, values.name ?? values.title, using]);
      }),
      postInit.connect(({ sender, instance }) => {
        log.push(['postInit', sender.name, instance.get('name') ?? instance.get('title')]);
      }),
    ];
    log.length = 0;
  });
  afterEach(() => {
    for (const disconnect of undo) disconnect();
  });
  after(() => connection.uninstall());

  it('are sent by new and build() (D-091, D-093)', () => {
    new Author({ name: 'Grace' });
    Author.build({ name: 'Edsger' });

    expect(log).to.deep.equal([
      ['preInit', 'Author', 'Grace', 'default'],
      ['postInit', 'Author', 'Grace'],
      ['preInit', 'Author', 'Edsger', 'default'],
      ['postInit', 'Author', 'Edsger'],
    ]);
  });

  it('are sent for each instance made of a row, those included too (D-094)', async () => {
    await Author.findAll({ include: Book });

    expect(log.map(([signal, sender]) => [signal, sender])).to.deep.equal([
      ['preInit', 'Author'],
      ['preInit', 'Book'],
      ['postInit', 'Book'],
      ['postInit', 'Author'],
    ]);
  });

  it('are not sent for raw rows (D-094)', async () => {
    await Author.findAll({ raw: true });

    expect(log).to.deep.equal([]);
  });

  it('are sent by reload(), which makes a second instance (D-095)', async () => {
    const ada = await Author.findOne({ rejectOnEmpty: true });
    log.length = 0;

    await ada.reload();

    expect(log.map(([signal]) => signal)).to.deep.equal(['preInit', 'postInit']);
  });

  it('make the instance of what preInit leaves in the values (D-092)', () => {
    const kept: object[] = [];
    undo.push(preInit.connect(({ values }) => kept.push(Object.assign(values, { name: 'Grace' }))));
    const given = Object.freeze({ name: 'Ada' });

    const author = new Author(given);

    expect(author.name).to.equal('Grace');
    expect(given.name).to.equal('Ada');
    expect(kept).to.deep.equal([{ name: 'Grace' }]);
  });

  it('belong to the model itself when a row comes from a scope', async () => {
    const called: unknown[] = [];
    undo.push(postInit.connect(({ sender }) => called.push(sender), { sender: Author }));

    await Author.unscoped().findOne();

    expect(called).to.deep.equal([Author]);
  });

  it('are not sent by a class that was never defined (D-096)', () => {
    // Sequelize looks at such a class again later, and throws where nobody can catch it.
    useFakeTimers({ toFake: ['setTimeout'] });
    class Abstract extends Model {}

    expect(() => new Abstract()).to.throw(TypeError);
    expect(log).to.deep.equal([]);
  });

  it('are sent once by a model that extends another', () => {
    class Novelist extends Author {}
    Novelist.init({ genre: DataTypes.STRING }, { sequelize, modelName: 'Novelist' });

    new Novelist({});

    expect(log.map(([signal, sender]) => [signal, sender])).to.deep.equal([
      ['preInit', 'Novelist'],
      ['postInit', 'Novelist'],
    ]);
  });

  it('refuse receivers that return a promise', () => {
    undo.push(preInit.connect(async () => {}));

    expect(() => new Author()).to.throw(AsyncReceiverError);
  });
});
