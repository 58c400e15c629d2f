import { expect } from 'chai';
import { DataTypes, Model, type ModelStatic, type Sequelize } from 'sequelize';
import {
  atomic,
  type Connection,
  InvalidArgumentError,
  install,
  m2mChanged,
  onCommit,
  ProtectedError,
  postDelete,
  postSave,
  preBulkUpdate,
  preDelete,
  preSave,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { rejectionOf } from '../support/rejection.js';
import { Statements } from '../support/statements.js';

const SIGNALS = [preDelete, postDelete];
const ROW = { timestamps: false };

describeOnEachDatabase("cascades: 'signals'", (database) => {
  const statements = new Statements();
  const undo: (() => unknown)[] = [];
  let sequelize: Sequelize;
  let connection: Connection;
  let told: string[];

  before(() => {
    sequelize = database.connect({ define: ROW, logging: statements.log });
    connection = install(sequelize, { cascades: 'signals' });
  });
  beforeEach(() => {
    told = [];
  });
  afterEach(async () => {
    for (const disconnect of undo.splice(0)) disconnect();
    if (database.dialect === 'sqlite') await sequelize.query('PRAGMA foreign_keys = OFF');
    await sequelize.getQueryInterface().dropAllTables();
    if (database.dialect === 'sqlite') await sequelize.query('PRAGMA foreign_keys = ON');
    const { modelManager } = sequelize;
    for (const model of [...modelManager.all]) {
      modelManager.removeModel(model as ModelStatic<Model>);
    }
  });
  after(() => connection.uninstall());

  const define = (name: string, attributes = {}, options = {}) =>
    sequelize.define<Model>(name, attributes, options);

  /** Notes what is sent for these models, or for all. */
  function listen(...senders: (ModelStatic<Model> | null)[]): void {
    for (const sender of senders.length > 0 ? senders : [null]) {
      for (const signal of SIGNALS) {
        undo.push(
          signal.connect(
            ({ instance }) => {
              told.push(`${signal.name} ${textOf(instance)}`);
            },
            { sender: sender as ModelStatic<Model> },
          ),
        );
      }
    }
  }

  function throwFrom(signal: typeof preDelete, sender: ModelStatic<Model>): void {
    undo.push(
      signal.connect(
        () => {
          throw new Error('of the receiver');
        },
        { sender },
      ),
    );
  }

  describe('a company of teams with members', () => {
    let models: Record<'Company' | 'Team' | 'Member' | 'Note', ModelStatic<Model>>;
    let company: Model;

    beforeEach(async () => {
      const [Company, Team] = [define('Company'), define('Team')];
      const [Member, Note] = [define('Member', { name: DataTypes.STRING }), define('Note')];
      Team.belongsTo(Company, { onDelete: 'CASCADE' });
      Member.belongsTo(Team, { onDelete: 'CASCADE' });
      Note.belongsTo(Member, { onDelete: 'SET NULL' });
      models = { Company, Team, Member, Note };
      await sequelize.sync();
      company = await Company.create({ id: 1 });
      await Team.bulkCreate([4, 3].map((id) => ({ id, CompanyId: 1 })));
      await Member.bulkCreate([7, 5, 6].map((id) => ({ id, TeamId: id === 6 ? 4 : 3, name: 'a' })));
      await Note.create({ id: 9, MemberId: 5 });
      statements.clear();
    });

    const counts = async () =>
      Promise.all(Object.values(models).map((model) => model.unscoped().count()));

    it('tells of all rows before, then model by model, dependants first (D-141, D-142, D-143)', async () => {
      listen();

      await company.destroy();

      expect(told).to.deep.equal([
        ...['preDelete Member 5', 'preDelete Member 6', 'preDelete Member 7'],
        ...['preDelete Team 3', 'preDelete Team 4', 'preDelete Company 1'],
        ...['postDelete Member 7', 'postDelete Member 6', 'postDelete Member 5'],
        ...['postDelete Team 4', 'postDelete Team 3', 'postDelete Company 1'],
      ]);
      expect(await counts()).to.deep.equal([0, 0, 0, 1]);
    });

    it('does the same for Model.destroy() with individualHooks, and counts the rows of the model', async () => {
      listen();

      const count = await models.Company.destroy({ where: {}, individualHooks: true });

      expect(count).to.equal(1);
      expect(told).to.have.length(12);
      expect(told[0]).to.equal('preDelete Member 5');
      expect(told.at(-1)).to.equal('postDelete Company 1');
    });

    it('takes nothing along in Model.destroy() without individualHooks (D-167)', async () => {
      listen();

      await models.Company.destroy({ where: {} });

      expect(told).to.deep.equal([]);
      expect(await counts()).to.deep.equal([0, 0, 0, 1]);
    });

    it('has one origin: the instance, or the options of the call (D-140)', async () => {
      const origins = new Set<object>();
      undo.push(preDelete.connect(({ origin }) => void origins.add(origin)));
      const other = await models.Company.create({ id: 2 });
      await models.Team.create({ id: 8, CompanyId: 2 });
      const options = { where: { id: 2 }, individualHooks: true };

      await company.destroy();
      await models.Company.destroy(options);

      expect([...origins]).to.deep.equal([company, options]);
      expect(other.isNewRecord).to.equal(false);
    });

    it('calls a receiver of a dependant alone, and leaves the models between to the database (D-163)', async () => {
      listen(models.Member);

      await company.destroy();

      expect(told).to.have.length(6);
      expect(statements.verbs()).to.deep.equal([
        ...['BEGIN', 'SELECT', 'SELECT', 'UPDATE', 'DELETE', 'DELETE', 'COMMIT'],
      ]);
      expect(await counts()).to.deep.equal([0, 0, 0, 1]);
    });

    it('loads all fields where somebody listens, and otherwise those that are referred to (D-165)', async () => {
      listen(models.Member);

      await company.destroy();

      const [teams = '', members = ''] = statements.all.filter((sql) => sql.startsWith('SELECT'));
      expect(teams)
        .to.match(/Team/)
        .and.not.to.match(/SELECT .*CompanyId.* FROM/);
      expect(members).to.match(/SELECT .*name.*TeamId.* FROM/);
    });

    it('sends one statement when nobody listens, or nobody to what depends on the row (D-162, D-164)', async () => {
      const note = await models.Note.create({ id: 10 });
      listen(models.Note);
      statements.clear();

      await company.destroy();

      expect(statements.verbs()).to.deep.equal(['DELETE']);
      expect(told).to.deep.equal([]);
      listen(models.Company);
      await (await models.Company.create({ id: 2 })).destroy();
      statements.clear();
      await note.destroy();
      expect(statements.verbs()).to.deep.equal(['BEGIN', 'DELETE', 'COMMIT']);
    });

    it('has what becomes null updated before any row is deleted, and sends nothing for it (D-154)', async () => {
      const sent: string[] = [];
      for (const signal of [preSave, postSave, preBulkUpdate]) {
        undo.push((signal as typeof preSave).connect(() => void sent.push(signal.name)));
      }
      const seen: unknown[] = [];
      undo.push(
        postDelete.connect(
          async () => void seen.push((await models.Note.findByPk(9))?.get('MemberId')),
          { sender: models.Member },
        ),
      );

      await company.destroy();

      expect(seen).to.deep.equal([null, null, null]);
      expect(sent).to.deep.equal([]);
    });

    it('is undone as a whole when a receiver fails before or after (D-148, D-149)', async () => {
      throwFrom(postDelete, models.Company);
      listen(models.Member);

      const after = await rejectionOf(company.destroy());
      throwFrom(preDelete, models.Member);
      const before = await rejectionOf(
        models.Company.destroy({ where: {}, individualHooks: true }),
      );

      expect([after.message, before.message]).to.deep.equal(['of the receiver', 'of the receiver']);
      expect(await counts()).to.deep.equal([1, 2, 3, 1]);
      expect(await models.Note.count({ where: { MemberId: 5 } })).to.equal(1);
    });

    it('runs in the block around it, and its callbacks after that', async () => {
      const done: string[] = [];
      undo.push(
        postDelete.connect(
          ({ transaction }) => onCommit(() => void done.push('done'), { transaction }),
          {
            sender: models.Team,
          },
        ),
      );

      await sequelize.transaction(async (transaction) => {
        await company.destroy({ transaction });
        expect(done).to.deep.equal([]);
      });

      expect(done).to.deep.equal(['done', 'done']);
    });

    it('leaves the instances that the caller holds alone, and gives receivers others (D-146)', async () => {
      const member = await models.Member.findByPk(5);
      const deleted: Model[] = [];
      undo.push(postDelete.connect(({ instance }) => void deleted.push(instance)));

      await company.destroy();

      expect(deleted).to.include(company);
      expect(deleted).not.to.include(member);
      expect(deleted.map((row) => row.constructor)).to.include(models.Member);
    });

    it('runs the hooks of the application for the rows that go along', async () => {
      const ran: string[] = [];
      for (const type of ['beforeDestroy', 'afterDestroy'] as const) {
        models.Team.addHook(type, (row, { transaction }) => {
          ran.push(`${type} ${textOf(row as Model)} ${!!transaction}`);
        });
      }

      await company.destroy();

      expect(ran).to.deep.equal([
        ...['beforeDestroy Team 3 true', 'beforeDestroy Team 4 true'],
        ...['afterDestroy Team 4 true', 'afterDestroy Team 3 true'],
      ]);
    });

    it('leaves all to the database with hooks: false', async () => {
      listen();
      statements.clear();

      await company.destroy({ hooks: false });

      expect(told).to.deep.equal([]);
      expect(statements.verbs()).to.deep.equal(['DELETE']);
      expect(await counts()).to.deep.equal([0, 0, 0, 1]);
    });

    it('refuses an instance that was never saved (D-156)', async () => {
      listen(models.Member);

      const error = await rejectionOf(models.Company.build().destroy());

      expect(error).to.be.instanceOf(InvalidArgumentError);
    });

    it('goes with a destroy() of the application that hands nothing on', async () => {
      class Branch extends Model {
        override destroy() {
          return super.destroy();
        }
      }
      Branch.init({}, { sequelize });
      const Desk = define('Desk');
      Desk.belongsTo(Branch, { onDelete: 'CASCADE' });
      await sequelize.sync();
      const branch = await Branch.create({ id: 1 });
      await Desk.create({ id: 1, BranchId: 1 });
      const origins: unknown[] = [];
      undo.push(postDelete.connect(({ origin }) => void origins.push(origin)));
      throwFrom(postDelete, Branch);

      const error = await rejectionOf(branch.destroy());

      expect(error.message).to.equal('of the receiver');
      expect(origins).to.deep.equal([branch, branch]);
      expect([await Desk.count(), await Branch.count()]).to.deep.equal([1, 1]);
    });

    it('lets a receiver delete other rows, which are another deletion', async () => {
      const origins: string[] = [];
      const other = await models.Company.create({ id: 2 });
      await models.Team.create({ id: 8, CompanyId: 2 });
      undo.push(
        preDelete.connect(({ instance, transaction }) =>
          instance.get('id') === 3 ? other.destroy({ transaction }) : undefined,
        ),
        postDelete.connect(({ instance, origin }) => {
          origins.push(`${textOf(instance)} of ${textOf(origin as Model)}`);
        }),
      );

      await company.destroy();

      expect(origins.slice(0, 2)).to.deep.equal(['Team 8 of Company 2', 'Company 2 of Company 2']);
      expect(await counts()).to.deep.equal([0, 0, 0, 1]);
    });

    it('lets a hook hand its options on to the deletion of another row', async () => {
      const other = await models.Company.create({ id: 2 });
      await models.Team.create({ id: 8, CompanyId: 2 });
      models.Team.addHook('beforeDestroy', (row, options) =>
        (row as Model).get('id') === 3 ? other.destroy(options as object) : undefined,
      );
      listen(models.Team);

      await company.destroy();

      expect(told).to.include.members(['preDelete Team 8', 'postDelete Team 8']);
      expect(await counts()).to.deep.equal([0, 0, 0, 1]);
    });

    it('deletes any number of rows, some hundred by one statement', async () => {
      const rows = Array.from({ length: 1200 }, (_, index) => ({ id: 100 + index, TeamId: 3 }));
      await models.Member.bulkCreate(rows);
      listen(models.Member);
      statements.clear();

      await company.destroy();

      expect(told).to.have.length(2 * 1203);
      expect(told.slice(1200, 1204)).to.deep.equal([
        ...['preDelete Member 1297', 'preDelete Member 1298', 'preDelete Member 1299'],
        'postDelete Member 1299',
      ]);
      expect(statements.verbs().filter((verb) => verb === 'DELETE')).to.have.length(4);
    });

    it('knows of associations that are declared after the first deletion', async () => {
      listen();
      await (await models.Company.create({ id: 2 })).destroy();
      const Office = define('Office');
      Office.belongsTo(models.Company, { onDelete: 'CASCADE' });
      await Office.sync();
      await Office.create({ id: 1, CompanyId: 1 });

      await company.destroy();

      expect(told).to.include('preDelete Office 1');
    });
  });

  describe('rows that protect others', () => {
    let models: Record<'Company' | 'Team' | 'Contract', ModelStatic<Model>>;
    let company: Model;

    beforeEach(async () => {
      const [Company, Team, Contract] = [define('Company'), define('Team'), define('Contract')];
      Team.belongsTo(Company, { onDelete: 'CASCADE' });
      Contract.belongsTo(Team, { onDelete: 'RESTRICT' });
      models = { Company, Team, Contract };
      await sequelize.sync();
      company = await Company.create({ id: 1 });
      await Team.bulkCreate([1, 2].map((id) => ({ id, CompanyId: 1 })));
      await Contract.bulkCreate([1, 2, 3].map((id) => ({ id, TeamId: id === 3 ? 2 : 1 })));
    });

    it('refuse the deletion before any signal, and are listed (D-155)', async () => {
      listen();

      const error = await rejectionOf<ProtectedError>(company.destroy());

      expect(error).to.be.instanceOf(ProtectedError);
      expect(error).to.have.property('code', 'SIGNALS_PROTECTED');
      expect(error.message).to.include('Contract.TeamId');
      expect(error.rows.map(textOf)).to.have.members(['Contract 1', 'Contract 2', 'Contract 3']);
      expect(told).to.deep.equal([]);
      expect(await models.Team.count()).to.equal(2);
    });

    it('refuse it also when nobody listens, and to Model.destroy()', async () => {
      const one = await rejectionOf(company.destroy());
      const many = await rejectionOf(
        models.Company.destroy({ where: { id: 1 }, individualHooks: true }),
      );

      expect([one, many].map((error) => error.constructor)).to.deep.equal([
        ProtectedError,
        ProtectedError,
      ]);
    });

    it('leave the block sound in which that is caught (D-155)', async () => {
      listen();

      await atomic(async () => {
        await rejectionOf(company.destroy());
        await rejectionOf(models.Team.destroy({ where: {}, individualHooks: true }));
        await models.Contract.destroy({ where: {} });
        await company.destroy();
      });

      expect(await models.Company.count()).to.equal(0);
    });

    it('break the block when somebody was told before', async () => {
      models.Company.addHook('beforeDestroy', async () => {
        await models.Company.create({ id: 9 });
      });

      const error = await rejectionOf(
        atomic(async () => {
          await rejectionOf(company.destroy());
        }),
      );

      expect(error.cause).to.be.instanceOf(ProtectedError);
      expect(await models.Company.count()).to.equal(1);
    });

    it('may be removed by a hook of the application', async () => {
      models.Company.addHook('beforeDestroy', async () => {
        await models.Contract.destroy({ where: {} });
      });

      await company.destroy();

      expect(await models.Team.count()).to.equal(0);
    });
  });

  describe('rows that are hidden', () => {
    it('by a scope or a mark of deletion go along as the database takes them, for good', async () => {
      const Shelf = define('Shelf', {}, { paranoid: true, timestamps: true });
      const Book = define(
        'Book',
        { out: DataTypes.BOOLEAN },
        { paranoid: true, timestamps: true, defaultScope: { where: { out: false } } },
      );
      Shelf.hasMany(Book, { onDelete: 'CASCADE' });
      await sequelize.sync();
      const shelf = await Shelf.create({ id: 1 });
      await Book.create({ id: 1, ShelfId: 1, out: true });
      await (await Book.create({ id: 2, ShelfId: 1, out: false })).destroy();
      const soft: boolean[] = [];
      listen();
      undo.push(preDelete.connect((event) => void soft.push(event.soft)));

      await shelf.destroy({ force: true });

      expect(told).to.deep.equal([
        ...['preDelete Book 1', 'preDelete Book 2', 'preDelete Shelf 1'],
        ...['postDelete Book 2', 'postDelete Book 1', 'postDelete Shelf 1'],
      ]);
      expect(soft).to.deep.equal([false, false, false]);
      expect(await Book.unscoped().count({ paranoid: false })).to.equal(0);
    });

    it('stay with a row that is only marked as deleted', async () => {
      const Shelf = define('Shelf', {}, { paranoid: true, timestamps: true });
      const [Book, Label] = [define('Book'), define('Label')];
      Shelf.hasMany(Book, { onDelete: 'CASCADE' });
      Shelf.hasMany(Label, { onDelete: 'RESTRICT' });
      await sequelize.sync();
      const shelf = await Shelf.create({ id: 1 });
      await Book.create({ id: 1, ShelfId: 1 });
      await Label.create({ id: 1, ShelfId: 1 });
      listen();

      await shelf.destroy();
      await shelf.restore();
      await Shelf.destroy({ where: {}, individualHooks: true });

      const own = ['preDelete Shelf 1', 'postDelete Shelf 1'];
      expect(told).to.deep.equal([...own, ...own]);
      expect(await Book.count()).to.equal(1);
    });
  });

  describe('keys', () => {
    it('may be composite, or missing', async () => {
      const Shelf = define('Shelf');
      const Book = define('Book', {
        row: { type: DataTypes.INTEGER, primaryKey: true },
        place: { type: DataTypes.STRING, primaryKey: true },
      });
      const Scratch = define('Scratch', { text: DataTypes.STRING });
      Scratch.removeAttribute('id');
      Book.belongsTo(Shelf, { onDelete: 'CASCADE' });
      Scratch.belongsTo(Shelf, { as: 'first', onDelete: 'CASCADE' });
      Scratch.belongsTo(Shelf, { as: 'second', onDelete: 'CASCADE' });
      await sequelize.sync();
      await Shelf.bulkCreate([{ id: 1 }, { id: 2 }]);
      await Book.bulkCreate(
        [
          [2, 'a'],
          [1, 'b'],
          [1, 'a'],
          [3, 'c'],
        ].map(([row, place]) => ({ row, place, ShelfId: row === 3 ? 2 : 1 })),
      );
      await Scratch.bulkCreate([
        { text: 'a', firstId: 1, secondId: 1 },
        { text: 'a', firstId: 1, secondId: 1 },
        { text: 'b', firstId: 2, secondId: 1 },
        { text: 'c', firstId: 2, secondId: 2 },
      ]);
      const deleted: unknown[] = [];
      undo.push(
        preDelete.connect(({ instance }) => {
          const { row, place, text } = instance.get() as Record<string, unknown>;
          deleted.push(text ?? (row ? `${row}${place}` : 'shelf'));
        }),
      );

      await (await Shelf.findByPk(1))?.destroy();

      expect(deleted.filter((each) => String(each).length === 2)).to.deep.equal(['1a', '1b', '2a']);
      expect(deleted.filter((each) => String(each).length === 1)).to.have.members(['a', 'a', 'b']);
      expect(deleted.at(-1)).to.equal('shelf');
      expect([await Book.count(), await Scratch.count()]).to.deep.equal([1, 1]);
    });

    it('may be of another attribute, in another column, and not loaded', async () => {
      const Shelf = define('Shelf', { code: { type: DataTypes.STRING(20), unique: true } });
      const Book = define('Book', { number: { type: DataTypes.INTEGER, field: 'no' } });
      Book.belongsTo(Shelf, {
        foreignKey: { name: 'shelf', field: 'shelf_code' },
        targetKey: 'code',
        onDelete: 'CASCADE',
        onUpdate: 'NO ACTION',
      });
      await sequelize.sync();
      await Shelf.bulkCreate([
        { id: 1, code: 'a' },
        { id: 2, code: 'b' },
      ]);
      await Book.bulkCreate([
        { id: 1, number: 5, shelf: 'a' },
        { id: 2, number: 6, shelf: 'b' },
      ]);
      listen();
      const [known, unknown] = await Promise.all([
        Shelf.findByPk(1),
        Shelf.findByPk(2, { attributes: ['id'] }),
      ]);
      known?.set('code', 'b');

      await known?.destroy();
      expect(told.filter((each) => each.includes('Book'))).to.deep.equal([
        ...['preDelete Book 1', 'postDelete Book 1'],
      ]);
      await unknown?.destroy();

      expect(told).to.include('preDelete Book 2');
      expect(await Book.count()).to.equal(0);
    });

    it('take nothing along where another version of the row is stored', async () => {
      const Shelf = define('Shelf', {}, { version: true, timestamps: true });
      const Book = define('Book');
      Shelf.hasMany(Book, { onDelete: 'CASCADE' });
      await sequelize.sync();
      const shelf = await Shelf.create({ id: 1 });
      await Book.create({ id: 1, ShelfId: 1 });
      await Shelf.increment('version', { where: { id: 1 } });
      listen();

      await shelf.destroy();

      expect([await Shelf.count(), await Book.count()]).to.deep.equal([1, 1]);
      expect(told).to.deep.equal(['preDelete Shelf 1']);
    });
  });

  describe('without a constraint of the database', () => {
    it('the rows go along, or refer to nothing, all the same', async () => {
      const [Shelf, Book, Note] = [define('Shelf'), define('Book'), define('Note')];
      Book.belongsTo(Shelf, { constraints: false, onDelete: 'CASCADE' });
      Note.belongsTo(Shelf, { constraints: false, onDelete: 'SET NULL' });
      await sequelize.sync();
      const shelf = await Shelf.create({ id: 1 });
      await Book.create({ id: 1, ShelfId: 1 });
      await Note.create({ id: 1, ShelfId: 1 });
      statements.clear();

      await shelf.destroy();

      expect(statements.verbs()).to.deep.equal(['BEGIN', 'DELETE', 'UPDATE', 'DELETE', 'COMMIT']);
      expect(await Book.count()).to.equal(0);
      expect((await Note.findByPk(1))?.get('ShelfId')).to.equal(null);
    });

    it('only those go along that the scope of the association is for', async () => {
      const [Post, Image] = [define('Post'), define('Image')];
      const Comment = define('Comment', { about: DataTypes.STRING, aboutId: DataTypes.INTEGER });
      for (const [model, about] of [
        [Post, 'post'],
        [Image, 'image'],
      ] as const) {
        model.hasMany(Comment, {
          foreignKey: 'aboutId',
          constraints: false,
          scope: { about },
          onDelete: 'CASCADE',
        });
      }
      // Sequelize would give the table a constraint for one of the two.
      await sequelize.getQueryInterface().createTable('Comments', {
        id: { type: DataTypes.INTEGER, primaryKey: true },
        about: DataTypes.STRING,
        aboutId: DataTypes.INTEGER,
      });
      await Post.sync();
      await Image.sync();
      const [post, image] = [await Post.create({ id: 1 }), await Image.create({ id: 1 })];
      await Comment.bulkCreate([
        { id: 1, about: 'post', aboutId: 1 },
        { id: 2, about: 'image', aboutId: 1 },
      ]);
      listen(Comment);

      await post.destroy();
      expect(told).to.deep.equal(['preDelete Comment 1', 'postDelete Comment 1']);
      await image.destroy();

      expect(told.slice(2)).to.deep.equal(['preDelete Comment 2', 'postDelete Comment 2']);
    });
  });

  describe('links', () => {
    it('send for rows of a model of their own, and nothing for those that Sequelize makes (D-159, D-160, D-161)', async () => {
      const [Post, Tag, Group] = [define('Post'), define('Tag'), define('Group')];
      const Membership = define('Membership');
      Post.belongsToMany(Tag, { through: 'PostTag', ...ROW });
      Tag.belongsToMany(Post, { through: 'PostTag', ...ROW });
      Post.belongsToMany(Group, { through: Membership });
      Group.belongsToMany(Post, { through: Membership });
      await sequelize.sync();
      const post = await Post.create({ id: 1 });
      const [tag, group] = [await Tag.create({ id: 1 }), await Group.create({ id: 1 })];
      await sequelize.model('PostTag').create({ PostId: 1, TagId: tag.get('id') });
      await Membership.create({ PostId: 1, GroupId: group.get('id') });
      listen();
      undo.push(m2mChanged.connect(({ action }) => void told.push(action)));

      await post.destroy();

      expect(told.map((each) => each.split(' ', 2).join(' '))).to.deep.equal([
        ...['preDelete Membership', 'preDelete Post', 'postDelete Membership', 'postDelete Post'],
      ]);
      expect(await sequelize.model('PostTag').count()).to.equal(0);
    });
  });

  describe('circles', () => {
    it('of two models, and of rows of one, end (D-142)', async () => {
      const [One, Other, Node] = [define('One'), define('Other'), define('Node')];
      One.belongsTo(Other, { onDelete: 'CASCADE' });
      Other.belongsTo(One, { onDelete: 'CASCADE' });
      Node.belongsTo(Node, { as: 'parent', onDelete: 'CASCADE' });
      await sequelize.sync();
      const one = await One.create({ id: 1 });
      await Other.create({ id: 1, OneId: 1 });
      await one.update({ OtherId: 1 });
      const node = await Node.create({ id: 1 });
      await Node.bulkCreate([2, 3].map((id) => ({ id, parentId: id - 1 })));
      await node.update({ parentId: 3 });
      listen();

      await one.destroy();
      expect(told).to.deep.equal([
        ...['preDelete One 1', 'preDelete Other 1', 'postDelete One 1', 'postDelete Other 1'],
      ]);
      told = [];
      await Node.destroy({ where: { id: [2, 1] }, individualHooks: true });

      expect(told).to.deep.equal([
        ...['preDelete Node 1', 'preDelete Node 2', 'preDelete Node 3'],
        ...['postDelete Node 3', 'postDelete Node 2', 'postDelete Node 1'],
      ]);
      expect([await One.count(), await Other.count(), await Node.count()]).to.deep.equal([0, 0, 0]);
    });

    it('of associations with hooks: true end as well, whose rows send once (sequelize#3529)', async () => {
      const [Post, Photo] = [define('Post'), define('Photo')];
      const relation = { onDelete: 'CASCADE', hooks: true };
      Post.hasMany(Photo, relation);
      Photo.belongsTo(Post, relation);
      await sequelize.sync();
      const [first] = [await Post.create({ id: 1 }), await Post.create({ id: 2 })];
      await Photo.bulkCreate([1, 2].map((id) => ({ id, PostId: id })));
      listen();

      await first.destroy();
      await (await Photo.findByPk(2))?.destroy();

      expect(told).to.deep.equal([
        ...['preDelete Photo 1', 'preDelete Post 1', 'postDelete Photo 1', 'postDelete Post 1'],
        ...['preDelete Photo 2', 'postDelete Photo 2'],
      ]);
      expect([await Post.count(), await Photo.count()]).to.deep.equal([1, 0]);
    });

    it('do not stand in the way of the count of Model.destroy(), which may miss rows', async () => {
      const Node = define('Node');
      Node.belongsTo(Node, { as: 'parent', onDelete: 'CASCADE' });
      await sequelize.sync();
      await Node.create({ id: 1 });
      await Node.create({ id: 2, parentId: 1 });
      listen();

      await Node.destroy({ where: {}, individualHooks: true });

      expect(await Node.count()).to.equal(0);
      expect(told).to.have.length(4);
    });
  });

  if (database.dialect === 'postgres') {
    describe('schemas', () => {
      beforeEach(async () => {
        for (const schema of ['tenant', 'sales']) await sequelize.createSchema(schema, {});
      });
      afterEach(async () => {
        for (const schema of ['tenant', 'sales']) await sequelize.dropSchema(schema, {});
      });

      it('of models, and of rows that were found in another one', async () => {
        const Shelf = define('Shelf', {}, { schema: 'sales' });
        const [Book, Label] = [define('Book'), define('Label')];
        const Sticker = define('Sticker');
        Book.belongsTo(Shelf, { onDelete: 'CASCADE' });
        Sticker.belongsTo(Label, { onDelete: 'CASCADE' });
        await sequelize.sync();
        await sequelize.query(
          'CREATE TABLE tenant."Labels" (id int primary key);' +
            'CREATE TABLE tenant."Stickers" (id int primary key, "LabelId" int references tenant."Labels" on delete cascade)',
        );
        const shelf = await Shelf.create({ id: 1 });
        await Book.create({ id: 1, ShelfId: 1 });
        const [TenantLabel, TenantSticker] = [Label.schema('tenant'), Sticker.schema('tenant')];
        const label = await TenantLabel.create({ id: 1 });
        await Label.create({ id: 1 });
        await Sticker.create({ id: 5, LabelId: 1 });
        await TenantSticker.create({ id: 6, LabelId: 1 });
        listen(Book, Sticker);

        await shelf.destroy();
        await label.destroy();

        expect(told).to.deep.equal([
          ...['preDelete Book 1', 'postDelete Book 1'],
          ...['preDelete Sticker 6', 'postDelete Sticker 6'],
        ]);
        expect([await Sticker.count(), await TenantSticker.count()]).to.deep.equal([1, 0]);
      });
    });
  }

  it('is the only choice there is, and made once', () => {
    expect(() => install(sequelize, { cascades: 'database' as never })).to.throw(
      InvalidArgumentError,
      "must be 'signals'",
    );
    expect(install(sequelize)).to.equal(connection);
    const plain = database.connect();
    const other = install(plain, { using: 'plain' });

    expect(() => install(plain, { cascades: 'signals' })).to.throw(
      InvalidArgumentError,
      'cascades',
    );
    other.uninstall();
  });
});

function textOf(instance: Model): string {
  return `${instance.constructor.name} ${instance.get('id')}`;
}
