import { expect } from 'chai';
import { DataTypes, Model, type Sequelize } from 'sequelize';
import {
  type Connection,
  install,
  type ModelSignal,
  postDelete,
  postSave,
  preDelete,
  preSave,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';

class Author extends Model {}
/** Another model of the same table. */
class Pseudonym extends Author {}
/** A model with a table of its own. */
class Novelist extends Author {}

function defineModels(sequelize: Sequelize): void {
  const options = { sequelize, timestamps: false };
  Author.init({ name: DataTypes.STRING }, { ...options, tableName: 'Authors' });
  Pseudonym.init({ name: DataTypes.STRING }, { ...options, tableName: 'Authors' });
  Novelist.init({ name: DataTypes.STRING, genre: DataTypes.STRING }, options);
}

describeOnEachDatabase('models that extend another', (database) => {
  const sent: string[] = [];
  let connection: Connection;
  let undo: (() => boolean)[] = [];

  before(async () => {
    const sequelize = database.connect();
    connection = install(sequelize);
    defineModels(sequelize);
    await sequelize.sync({ force: true });
  });
  beforeEach(() => {
    undo = [preSave, postSave, preDelete, postDelete].map((signal) =>
      (signal as ModelSignal).connect(({ sender }) => {
        sent.push(`${signal.name} ${sender.name}`);
      }),
    );
    sent.length = 0;
  });
  afterEach(() => {
    for (const disconnect of undo) disconnect();
  });
  after(() => connection.uninstall());

  const idOf = (instance: Model) => instance.get('id') as number;

  it('are the senders of their saves, on the same table too (D-109)', async () => {
    const called: unknown[] = [];
    undo.push(
      postSave.connect(() => called.push('Author'), { sender: Author }),
      postSave.connect(() => called.push('Pseudonym'), { sender: Pseudonym }),
    );

    const { id } = (await Pseudonym.create({ name: 'Currer Bell' })).get();

    expect(sent).to.deep.equal(['preSave Pseudonym', 'postSave Pseudonym']);
    expect(called).to.deep.equal(['Pseudonym']);
    expect(await Author.findByPk(id)).not.to.equal(null);
  });

  it('are the senders of their deletions, and the other is of its own (D-151)', async () => {
    const [first, second] = [await Author.create({}), await Author.create({})];
    sent.length = 0;

    await (await Pseudonym.findByPk(idOf(first)))?.destroy();
    await second.destroy();

    expect(sent).to.deep.equal([
      ...['preDelete Pseudonym', 'postDelete Pseudonym'],
      ...['preDelete Author', 'postDelete Author'],
    ]);
  });

  it('send once for a save, which writes their own table alone (D-110)', async () => {
    const count = await Author.count();

    await Novelist.create({ name: 'Charlotte', genre: 'Gothic' });

    expect(sent).to.deep.equal(['preSave Novelist', 'postSave Novelist']);
    expect(await Author.count()).to.equal(count);
  });

  it('send once for a deletion, which leaves the rows of the other alone (D-152)', async () => {
    const [author, novelist] = [await Author.create({}), await Novelist.create({})];
    sent.length = 0;

    await novelist.destroy();

    expect(sent).to.deep.equal(['preDelete Novelist', 'postDelete Novelist']);
    expect(await Author.findByPk(idOf(author))).not.to.equal(null);
  });
});
