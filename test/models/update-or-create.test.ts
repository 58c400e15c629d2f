import { expect } from 'chai';
import { DataTypes, literal, Model, type ModelStatic, Op, type Sequelize } from 'sequelize';
import {
  atomic,
  type Connection,
  InvalidArgumentError,
  install,
  NotInstalledError,
  onCommit,
  postSave,
  preSave,
  type SignalsError,
  transaction,
  type Undo,
  updateOrCreate,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { rejectionOf } from '../support/rejection.js';
import { Statements } from '../support/statements.js';

class Tag extends Model {
  declare id: number;
  declare name: string;
  declare colour: string | null;
  declare uses: number | null;
  declare meta: object | null;
  declare shouted: string;
}
class Book extends Model {
  declare id: number;
  declare title: string;
  declare slug: string;
  declare updatedAt: Date;
}

describeOnEachDatabase('updateOrCreate', (database) => {
  const where = { name: 'new' };
  const statements = new Statements();
  const saved: unknown[] = [];
  let sequelize: Sequelize;
  let connection: Connection;
  let undos: Undo[] = [];

  before(async () => {
    sequelize = database.connect({ logging: statements.log });
    connection = install(sequelize);
    defineModels();
    await sequelize.sync({ force: true });
  });
  beforeEach(async () => {
    await Tag.destroy({ where: {} });
    await Book.destroy({ where: {} });
    saved.length = 0;
    undos = [
      preSave.connect(({ updateFields }) => void saved.push('preSave', named(updateFields))),
      postSave.connect(
        ({ created, updateFields }) => void saved.push('postSave', created, named(updateFields)),
      ),
    ];
    statements.clear();
  });
  afterEach(() => {
    for (const undo of undos) undo();
  });
  after(() => connection.uninstall());

  function defineModels(): void {
    Tag.init(
      {
        name: { type: DataTypes.STRING, unique: true },
        colour: { type: DataTypes.STRING, unique: true },
        uses: DataTypes.INTEGER,
        meta: DataTypes.JSON,
        shouted: {
          type: DataTypes.VIRTUAL,
          set(this: Tag, text: string) {
            this.set('colour', text.toLowerCase());
          },
        },
      },
      { sequelize, modelName: 'Tag', timestamps: false },
    );
    Book.init(
      {
        title: {
          type: DataTypes.STRING,
          set(this: Book, title: string) {
            this.setDataValue('title', title);
            this.set('slug', title.toLowerCase());
          },
        },
        slug: DataTypes.STRING,
      },
      { sequelize, modelName: 'Book', version: true },
    );
  }

  const named = (fields: ReadonlySet<string> | null) => fields && [...fields];
  const insert = (values: object) => Tag.create({ ...values }, { hooks: false });
  const stored = () => Tag.findAll({ order: ['name'], raw: true });
  /** Only what is the same on all databases. */
  const verbs = () => statements.verbs().filter((verb) => !/SAVEPOINT|RELEASE/.test(verb));

  /** Has somebody else insert the row between the SELECT and the INSERT. */
  function loseTheRace(): void {
    const win = () => Tag.create({ ...where, uses: 7 }, { hooks: false, transaction: null });
    undos.push(preSave.connect(win, { once: true, sender: Tag }));
  }

  describe('that finds no row', () => {
    it('creates one of what it asks for and of the defaults', async () => {
      const [tag, created] = await updateOrCreate(Tag, { where, defaults: { colour: 'red' } });

      expect(created).to.equal(true);
      expect(tag).to.include({ name: 'new', colour: 'red' });
      expect(saved).to.deep.equal(['preSave', null, 'postSave', true, null]);
      expect((await stored()).map(({ colour }) => colour)).to.deep.equal(['red']);
    });

    it('takes createDefaults in place of the defaults', async () => {
      const createDefaults = { uses: 1 };

      await updateOrCreate(Tag, { where, defaults: { colour: 'red' }, createDefaults });
      await updateOrCreate(Tag, {
        where: { name: 'b' },
        defaults: { uses: 2 },
        createDefaults: {},
      });

      expect((await stored()).map(({ colour, uses }) => [colour, uses])).to.deep.equal([
        [null, null],
        [null, 1],
      ]);
    });

    it('takes what is asked for by values, and not by operators, lists or SQL', async () => {
      const [tag] = await updateOrCreate(Tag, {
        where: {
          name: 'new',
          colour: null,
          uses: { [Op.gt]: 5 },
          id: [1, 2, 3],
          [Op.and]: literal('1 = 1'),
        },
        createDefaults: { uses: 1 },
      });
      const [other] = await updateOrCreate(Tag, { where: literal("colour = 'pink'") as never });

      expect(tag.get()).to.include({ name: 'new', colour: null, uses: 1 });
      expect(other.name ?? null).to.equal(null);
    });

    it('lets the defaults have the last word', async () => {
      const [tag] = await updateOrCreate(Tag, { where, defaults: { name: 'other' } });

      expect(tag.name).to.equal('other');
    });

    it('sends the statements of one transaction', async () => {
      await updateOrCreate(Tag, { where });

      expect(verbs().map((verb) => (verb === 'CREATE' ? 'INSERT' : verb))).to.deep.equal([
        ...['BEGIN', 'SELECT', 'INSERT', 'COMMIT'],
      ]);
    });

    it('keeps nothing when a receiver fails, and throws what it threw', async () => {
      const error = new Error('boom');
      const fail = () => {
        throw error;
      };
      undos.push(postSave.connect(fail, { sender: Tag }));

      expect(await rejectionOf(updateOrCreate(Tag, { where }))).to.equal(error);
      expect(await stored()).to.deep.equal([]);
      await atomic(async () => {
        expect(await rejectionOf(updateOrCreate(Tag, { where }))).to.equal(error);
        await insert({ name: 'other' });
      });
      expect((await stored()).map(({ name }) => name)).to.deep.equal(['other']);
    });
  });

  describe('that finds the row', () => {
    beforeEach(async () => {
      await insert({ name: 'new', colour: 'red', uses: 1 });
      statements.clear();
    });

    it('saves the defaults, and names them (D-132)', async () => {
      const [tag, created] = await updateOrCreate(Tag, {
        where,
        defaults: { colour: 'blue' },
        createDefaults: { uses: 9 },
      });

      expect(created).to.equal(false);
      expect(tag).to.include({ colour: 'blue', uses: 1 });
      expect(saved).to.deep.equal(['preSave', ['colour'], 'postSave', false, ['colour']]);
      expect((await stored()).map(({ colour, uses }) => [colour, uses])).to.deep.equal([
        ['blue', 1],
      ]);
    });

    it('sends nothing when nothing is to be updated (D-133)', async () => {
      const [tag, created] = await updateOrCreate(Tag, { where });
      await updateOrCreate(Tag, { where, createDefaults: { colour: 'blue' } });

      expect([tag.colour, created]).to.deep.equal(['red', false]);
      expect(saved).to.deep.equal([]);
      expect(verbs()).not.to.include('UPDATE');
    });

    it('sends both signals when what is to be updated is there already', async () => {
      await updateOrCreate(Tag, { where, defaults: { colour: 'red' } });

      expect(saved).to.deep.equal(['preSave', ['colour'], 'postSave', false, ['colour']]);
    });

    it('writes what receivers change of the named fields, and nothing else', async () => {
      const change = ({ instance }: { instance: Tag }) => {
        instance.colour = `light ${instance.colour}`;
        instance.uses = 99;
      };
      undos.push(preSave.connect(change, { sender: Tag }));

      await updateOrCreate(Tag, { where, defaults: { colour: 'blue' } });

      expect((await stored()).map(({ colour, uses }) => [colour, uses])).to.deep.equal([
        ['light blue', 1],
      ]);
    });

    it('writes what attributes without a column stand for, and names none then', async () => {
      await updateOrCreate(Tag, { where, defaults: { shouted: 'GREEN' } });

      expect(saved).to.deep.equal(['preSave', null, 'postSave', false, null]);
      expect((await stored()).map(({ colour }) => colour)).to.deep.equal(['green']);
    });

    it('takes SQL for a value', async () => {
      await updateOrCreate(Tag, { where, defaults: { uses: literal('uses + 1') } });

      expect((await stored()).map(({ uses }) => uses)).to.deep.equal([2]);
    });

    it('locks it, where the database can', async () => {
      await updateOrCreate(Tag, { where, defaults: { uses: 2 } });

      const locks = statements.all.filter((sql) => sql.includes('FOR UPDATE'));
      expect(locks).to.have.length(database.dialect === 'sqlite' ? 0 : 1);
    });

    it('undoes the update when a receiver fails', async () => {
      const fail = () => {
        throw new Error('boom');
      };
      undos.push(postSave.connect(fail, { sender: Tag }));

      await rejectionOf(updateOrCreate(Tag, { where, defaults: { uses: 2 } }));

      expect((await stored()).map(({ uses }) => uses)).to.deep.equal([1]);
    });
  });

  it('names what setters change, and the time of the update (D-132)', async () => {
    const book = await Book.create({ title: 'Emma' }, { hooks: false });
    const updatedAt = new Date('2001-02-03T04:05:06Z');
    const find = { where: { id: book.id } };

    await updateOrCreate(Book, { ...find, defaults: { title: 'Persuasion' } });
    await updateOrCreate(Book, { ...find, defaults: { slug: 'persuasion' } });
    await updateOrCreate(Book, find);

    expect(saved.filter(Array.isArray)).to.deep.equal([
      ...Array(2).fill(['title', 'slug', 'updatedAt']),
      ...Array(2).fill(['slug', 'updatedAt']),
      ...Array(2).fill(['updatedAt']),
    ]);
    const row = await Book.findByPk(book.id, { rejectOnEmpty: true });
    expect(row.get()).to.include({ title: 'Persuasion', slug: 'persuasion', version: 3 });
    expect(row.updatedAt).to.be.greaterThan(updatedAt);
  });

  describe('with functions for values', () => {
    const called: string[] = [];
    const defaults = {
      colour: () => {
        called.push('colour');
        return 'blue';
      },
    };
    const createDefaults = {
      uses: async () => {
        called.push(transaction.inAtomicBlock() ? 'uses, in the block' : 'uses');
        return (await Tag.count()) + 5;
      },
    };

    beforeEach(() => {
      called.length = 0;
    });

    it('calls those of a new row', async () => {
      const [tag] = await updateOrCreate(Tag, { where, defaults, createDefaults });

      expect(tag.uses).to.equal(5);
      expect(called).to.deep.equal(['uses, in the block']);
    });

    it('calls those of an update', async () => {
      await insert(where);

      const [tag] = await updateOrCreate(Tag, { where, defaults, createDefaults });

      expect(tag.colour).to.equal('blue');
      expect(called).to.deep.equal(['colour']);
    });

    it('fails with what they throw', async () => {
      const error = new Error('boom');
      const fail = () => {
        throw error;
      };

      expect(await rejectionOf(updateOrCreate(Tag, { where, defaults: { uses: fail } }))).to.equal(
        error,
      );
      expect(await stored()).to.deep.equal([]);
    });
  });

  describe('in a block', () => {
    it('is undone with it, and its callbacks wait for its commit', async () => {
      const log: string[] = [];
      undos.push(postSave.connect(() => onCommit(() => void log.push('committed'))));

      await atomic(async () => {
        await updateOrCreate(Tag, { where });
        log.push('end');
      });
      await rejectionOf(
        atomic(async () => {
          await updateOrCreate(Tag, { where, defaults: { uses: 2 } });
          throw new Error('boom');
        }),
      );

      expect(log).to.deep.equal(['end', 'committed']);
      expect((await stored()).map(({ uses }) => uses)).to.deep.equal([null]);
    });

    it('runs in the transaction that it is given', async () => {
      const t = await sequelize.transaction();

      await updateOrCreate(Tag, { where, transaction: t });
      const seen = await Tag.count({ transaction: t });
      await t.rollback();

      expect([seen, await Tag.count()]).to.deep.equal([1, 0]);
    });

    // The only connection of SQLite's memory is taken by the block, and its file has one writer.
    if (database.dialect !== 'sqlite') {
      it('has a transaction of its own for null', async () => {
        await rejectionOf(
          atomic(async () => {
            await updateOrCreate(Tag, { where, transaction: null });
            throw new Error('boom');
          }),
        );

        expect(await Tag.count()).to.equal(1);
      });
    }
  });

  describe('that loses a race', () => {
    // SQLite has one writer, which this transaction is.
    if (database.dialect !== 'sqlite') {
      it('updates the row of the winner in a transaction of its own', async () => {
        loseTheRace();

        const [tag, created] = await updateOrCreate(Tag, { where, defaults: { colour: 'red' } });

        expect([tag.name, tag.uses, created]).to.deep.equal(['new', 7, false]);
        const update = ['preSave', ['colour'], 'postSave', false, ['colour']];
        expect(saved).to.deep.equal(['preSave', null, ...update]);
      });

      it('updates the row of the winner in a block that has read before', async () => {
        loseTheRace();

        const [tag, created] = await atomic(async () => {
          await Tag.count(); // where transactions read a snapshot, this is when it is taken
          const found = await updateOrCreate(Tag, { where, defaults: { colour: 'red' } });
          await insert({ name: 'other' });
          return found;
        });

        expect([tag.name, tag.uses, created]).to.deep.equal(['new', 7, false]);
        expect((await stored()).map(({ name, colour }) => [name, colour])).to.deep.equal([
          ['new', 'red'],
          ['other', null],
        ]);
      });
    }

    it('fails with what the server said when another row has the value', async () => {
      await insert({ name: 'old', colour: 'red' });
      const call = () => updateOrCreate(Tag, { where, defaults: { colour: 'red' } });

      expect((await rejectionOf(call())).name).to.equal('SequelizeUniqueConstraintError');
      expect(saved).to.deep.equal(['preSave', null]);

      await atomic(async () => {
        expect((await rejectionOf(call())).name).to.equal('SequelizeUniqueConstraintError');
        await insert({ name: 'other' });
      });
      expect((await stored()).map(({ name }) => name)).to.deep.equal(['old', 'other']);
    });
  });

  it('serves all of those who ask at once', async () => {
    const names = ['a', 'b', 'c', 'a', 'b', 'c', 'a', 'a', 'a'];

    const found = await Promise.all(
      names.map((name, uses) => updateOrCreate(Tag, { where: { name }, defaults: { uses } })),
    );

    expect(found.map(([tag]) => tag.name)).to.deep.equal(names);
    expect(found.filter(([, created]) => created)).to.have.length(3);
    expect(await Tag.count()).to.equal(3);
  });

  it('keeps to the scope of the model that it is called for, which is the sender', async () => {
    const senders: unknown[] = [];
    undos.push(postSave.connect(({ sender }) => void senders.push(sender)));
    await insert({ name: 'new', uses: 1 });
    const Used = Tag.scope({ where: { uses: 2 } });

    const [tag, created] = await updateOrCreate(Used, { where: { name: 'other' } });

    expect([tag.name, created]).to.deep.equal(['other', true]);
    expect(senders).to.deep.equal([Tag]);
  });

  it('refuses to choose one of several rows', async () => {
    await Tag.bulkCreate([
      { name: 'a', uses: 1 },
      { name: 'b', uses: 1 },
    ]);

    const error = await rejectionOf<SignalsError>(
      updateOrCreate(Tag, { where: { uses: 1 }, defaults: { uses: 2 } }),
    );

    expect(error.code).to.equal('SIGNALS_MULTIPLE_OBJECTS_RETURNED');
    expect(saved).to.deep.equal([]);
    expect(await Tag.count({ where: { uses: 1 } })).to.equal(2);
  });

  it('refuses what it cannot do, before anything has happened', async () => {
    const refused: [unknown, unknown, RegExp][] = [
      [undefined, { where }, /needs a model/],
      [class Later extends Model {}, { where }, /needs a model/],
      ['Tag', { where }, /needs a model/],
      [Tag, undefined, /options of updateOrCreate\(\)/],
      [Tag, {}, /"where"/],
      [Tag, { where: 'name' }, /"where"/],
      [Tag, { where, default: {} }, /Did you mean "defaults"/],
      [Tag, { where, defaults: [] }, /"defaults"/],
      [Tag, { where, defaults: { nme: 1 } }, /"defaults".*"nme"/],
      [Tag, { where, createDefaults: { nme: 1 } }, /"createDefaults".*"nme"/],
      [Tag, { where, transaction: 1 }, /"transaction"/],
    ];

    for (const [model, options, message] of refused) {
      const error = await rejectionOf(updateOrCreate(model as typeof Tag, options as never));

      expect(error).to.be.instanceOf(InvalidArgumentError);
      expect(error.message).to.match(message);
    }
    expect(statements.all).to.deep.equal([]);
  });

  it('needs the database of the model to be installed', async () => {
    const plain = database.connect();
    const Other: ModelStatic<Model> = plain.define('Other', {});

    const error = await rejectionOf(updateOrCreate(Other, { where: {} }));

    expect(error).to.be.instanceOf(NotInstalledError);
  });

  it('leaves its options alone', async () => {
    const options = Object.freeze({
      where: Object.freeze({ ...where }),
      defaults: Object.freeze({ uses: 1 }),
    });

    await updateOrCreate(Tag, options);
    await updateOrCreate(Tag, options);

    expect(await Tag.count()).to.equal(1);
  });

  it('creates and updates without receivers as well', async () => {
    for (const undo of undos) undo();

    await updateOrCreate(Tag, { where, defaults: { uses: 1 } });
    const [tag, created] = await updateOrCreate(Tag, { where, defaults: { uses: 2 } });

    expect([tag.uses, created]).to.deep.equal([2, false]);
    expect((await stored()).map(({ uses }) => uses)).to.deep.equal([2]);
  });
});
