import { expect } from 'chai';
import {
  DataTypes,
  type Identifier,
  type Model,
  type ModelStatic,
  type Sequelize,
} from 'sequelize';
import {
  atomic,
  type Connection,
  install,
  m2mChanged,
  RolledBackError,
  transaction,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { rejectionOf } from '../support/rejection.js';
import { Statements } from '../support/statements.js';

type Change = (given?: unknown, options?: object) => Promise<unknown>;
type Linked = Model & Record<'addTag' | 'addTags' | 'setTags' | 'removeTag', Change>;
type Class = ModelStatic<Model>;

describeOnEachDatabase('a link that others make meanwhile', (database) => {
  const statements = new Statements();
  const sent: [action: string, keys: Identifier[] | null][] = [];
  let sequelize: Sequelize;
  let connection: Connection;
  let Link: Class;
  let post: Linked;
  let ids: Identifier[];
  let undo: (() => boolean)[] = [];

  before(() => {
    sequelize = database.connect({ logging: statements.log });
    connection = install(sequelize);
  });
  after(() => connection.uninstall());
  afterEach(() => {
    for (const disconnect of undo) disconnect();
    const { modelManager } = sequelize;
    for (const model of [...modelManager.all]) modelManager.removeModel(model as Class);
  });

  async function prepare(attributes?: object, options: object = {}): Promise<void> {
    const through = 'PostTag';
    const [Post, Tag] = ['Post', 'Tag'].map((name) =>
      sequelize.define(name, {}, { timestamps: false }),
    ) as [Class, Class];
    if (attributes) {
      const own = { tableName: through, timestamps: false, ...options };
      sequelize.define(through, attributes as never, own);
    }
    Post.belongsToMany(Tag, { through, timestamps: false });
    Tag.belongsToMany(Post, { through, timestamps: false });
    await sequelize.sync({ force: true });
    Link = sequelize.model('PostTag');
    post = (await Post.create()) as Linked;
    const tags = [await Tag.create(), await Tag.create(), await Tag.create()];
    ids = tags.map((tag) => tag.get('id') as Identifier);
    sent.length = 0;
    undo = [
      m2mChanged.connect(({ action, pkSet }) => void sent.push([action, pkSet && [...pkSet]])),
    ];
    statements.clear();
  }

  const row = (key: Identifier | undefined) => ({ PostId: post.get('id'), TagId: key });
  const linked = async () =>
    (await Link.findAll({ order: ['TagId'] })).map((link) => link.get('TagId'));
  /** Has others link these before the next INSERT of links; a receiver, where there is one writer. */
  function interfere(
    keys: readonly (Identifier | undefined)[],
    {
      inside = database.dialect === 'sqlite',
      ...values
    }: { inside?: boolean; position?: number } = {},
  ): void {
    const insert = async () => {
      for (const key of keys) await Link.create({ ...row(key), ...values });
    };
    let isDue = true;
    const receiver = async (action: string) => {
      if (action !== 'pre_add' || !isDue) return;
      isDue = false;
      await (inside ? insert() : transaction.outside(insert));
    };
    undo.push(m2mChanged.connect(({ action }) => receiver(action)));
  }

  describe('of a through model of Sequelize', () => {
    beforeEach(() => prepare());

    it('is left alone, and not told of as made by this call (D-191, D-198)', async () => {
      interfere([ids[1]]);

      const links = (await post.addTags(ids)) as Model[];

      expect(sent).to.deep.equal([
        ['pre_add', ids],
        ['post_add', [ids[0], ids[2]]],
      ]);
      expect(links.map((link) => link.get('TagId'))).to.deep.equal([ids[0], ids[2]]);
      expect(await linked()).to.deep.equal(ids);
    });

    it('may be the only one', async () => {
      interfere([ids[0]]);

      const links = await post.addTag(ids[0]);

      expect(links).to.deep.equal([]);
      expect(sent.at(-1)).to.deep.equal(['post_add', []]);
      expect(await linked()).to.deep.equal([ids[0]]);
    });

    it('is left alone by setX, too', async () => {
      await post.addTag(ids[2]);
      // InnoDB lets no other transaction insert beside a row that this one has deleted.
      interfere([ids[0]], { inside: true });

      await post.setTags(ids.slice(0, 2));

      expect(sent.at(-1)).to.deep.equal(['post_add', [ids[1]]]);
      expect(await linked()).to.deep.equal(ids.slice(0, 2));
    });

    it('does not break the block', async () => {
      interfere([ids[0], ids[1]]);

      await atomic(async () => {
        await post.addTags(ids.slice(0, 2));
        await post.addTag(ids[2]);
      });

      expect(await linked()).to.deep.equal(ids);
    });

    it('costs no statement where there is none', async () => {
      await atomic(() => post.addTags(ids));

      expect(statements.verbs()).to.deep.equal(['BEGIN', 'SELECT', 'INSERT', 'COMMIT']);
    });

    it('is told of once by calls that are started together', async () => {
      const calls = Array.from({ length: 4 }, () => post.addTag(ids[0]));

      await Promise.all(calls);

      const made = sent.filter(([action, keys]) => action === 'post_add' && keys?.length);
      expect(made).to.have.length(1);
      expect(await linked()).to.deep.equal([ids[0]]);
    });

    it('is told of once by blocks that are started together', async () => {
      const blocks = Array.from({ length: 4 }, () => () => atomic(() => post.addTag(ids[0])));

      if (database.dialect === 'sqlite') for (const block of blocks) await block();
      else await Promise.all(blocks.map((block) => block()));

      const made = sent.filter(([action, keys]) => action === 'post_add' && keys?.length);
      expect(made).to.have.length(1);
      expect(await linked()).to.deep.equal([ids[0]]);
    });

    it('takes nothing for a race that has another reason', async () => {
      interfere([ids[0]]);

      const error = await rejectionOf(post.addTags([ids[0], 999]));

      expect(error.name).to.equal('SequelizeForeignKeyConstraintError');
    });
  });

  describe('of a through model of the application', () => {
    const key = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true };

    it('is left alone, and gets the values of the call', async () => {
      await prepare({ id: key, position: DataTypes.INTEGER });
      interfere([ids[0]], { position: 1 });

      const links = (await post.addTags(ids.slice(0, 2), { through: { position: 2 } })) as Model[];

      expect(sent.at(-1)).to.deep.equal(['post_add', [ids[1]]]);
      expect(links.map((link) => link.get('TagId'))).to.deep.equal([ids[1]]);
      const stored = await Link.findAll({ order: ['TagId'] });
      expect(stored.map((link) => link.get('position'))).to.deep.equal([2, 2]);
    });

    it('is not mistaken for another unique key that is violated', async () => {
      await prepare({ id: key, position: { type: DataTypes.INTEGER, unique: true } });
      await Link.create({ ...row(ids[0]), position: 1 });

      const error = await rejectionOf(
        atomic(async () => {
          await rejectionOf(post.addTag(ids[1], { through: { position: 1 } }));
        }),
      );

      expect(error).to.be.instanceOf(RolledBackError);
      expect(error.cause).to.have.property('name', 'SequelizeUniqueConstraintError');
      expect(sent.map(([action]) => action)).to.deep.equal(['pre_add']);
      expect(await linked()).to.deep.equal([ids[0]]);
    });
  });

  it('is not mistaken for one that is only marked as deleted', async () => {
    const key = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true };
    await prepare({ id: key }, { timestamps: true, paranoid: true });
    await post.addTag(ids[0]);
    await post.removeTag(ids[0]);

    const error = await rejectionOf(post.addTag(ids[0]));

    expect(error.name).to.equal('SequelizeUniqueConstraintError');
    expect(await linked()).to.deep.equal([]);
  });
});
