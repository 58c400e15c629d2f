import { expect } from 'chai';
import {
  DataTypes,
  type Identifier,
  type Model,
  type ModelAttributes,
  type ModelStatic,
  type Sequelize,
} from 'sequelize';
import {
  type Connection,
  InvalidArgumentError,
  install,
  type M2MChanged,
  m2mChanged,
  type SignalEvent,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { rejectionOf } from '../support/rejection.js';

type Class = ModelStatic<Model>;
type Event = SignalEvent<M2MChanged, Class>;
type Change = (given?: unknown, options?: object) => Promise<unknown>;
type Linked = Model &
  Record<`${'add' | 'remove'}Tag` | `${'add' | 'set' | 'remove' | 'get'}Tags` | 'addPost', Change>;

const UNSTAMPED = { timestamps: false };

describeOnEachDatabase('the targets of a relation', (database) => {
  const events: Event[] = [];
  let sequelize: Sequelize;
  let connection: Connection;
  let disconnect: () => boolean;

  before(() => {
    sequelize = database.connect();
    connection = install(sequelize);
  });
  after(() => connection.uninstall());
  beforeEach(() => {
    events.length = 0;
    disconnect = m2mChanged.connect((event) => void events.push(event as Event));
  });
  afterEach(async () => {
    disconnect();
    await sequelize.drop();
    const { modelManager } = sequelize;
    for (const model of [...modelManager.all]) modelManager.removeModel(model as Class);
  });

  const sent = () => events.map(({ action, pkSet }) => [action, pkSet && [...pkSet]]);
  const idOf = (instance: Model | undefined) => instance?.get('id') as Identifier;
  const create = async (model: Class, values: object = {}) =>
    (await model.create(values as never)) as Linked;

  function define(name: string, attributes: ModelAttributes = {}, options = {}): Class {
    return sequelize.define(name, attributes, { ...UNSTAMPED, ...options });
  }

  describe('of a scope', () => {
    let [Post, Tag]: Class[] = [];

    beforeEach(async () => {
      const scopes = { scopes: { good: { where: { isGood: true } } } };
      const isGood = { type: DataTypes.BOOLEAN, defaultValue: true };
      [Post, Tag] = [define('Post'), define('Tag', { isGood }, scopes)];
      // The keys are there before: Sequelize would add them to the scope alone.
      const keys = {
        id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
        PostId: DataTypes.INTEGER,
        TagId: DataTypes.INTEGER,
      };
      const through = define('PostTag', { ...keys, isGood: { ...isGood } }, scopes);
      Post.belongsToMany(Tag.scope('good'), { through: through.scope('good'), as: 'Tags' });
      Tag.belongsToMany(Post, { through: through.scope('good') });
      await sequelize.sync({ force: true });
    });

    it('are any instances of its model, which is told', async () => {
      const [post, tag] = [await create(Post as Class), await create(Tag as Class)];
      const scoped = await create((Tag as Class).scope('good'));

      await post.addTags([tag, scoped]);
      await post.setTags([scoped]);

      expect(sent()).to.deep.equal([
        ['pre_add', [idOf(tag), idOf(scoped)]],
        ['post_add', [idOf(tag), idOf(scoped)]],
        ['pre_remove', [idOf(tag)]],
        ['post_remove', [idOf(tag)]],
      ]);
      for (const { model } of events) expect(model).to.equal(Tag);
    });

    it('have the through model as sender, and the direction of its declarations', async () => {
      const [post, tag] = [await create(Post as Class), await create(Tag as Class)];

      await post.addTag(tag);
      await tag.addPost(post);

      expect(events.map(({ sender }) => sender)).to.deep.equal(
        Array(4).fill(sequelize.model('PostTag')),
      );
      expect(events.map(({ reverse }) => reverse)).to.deep.equal([false, false, true, true]);
    });

    it('are no instances of others', async () => {
      const post = await create(Post as Class);

      const error = await rejectionOf(post.addTag(post));

      expect(error).to.be.instanceOf(InvalidArgumentError);
    });
  });

  /** Links, links again, and unlinks by instances and by keys; `told` is how each key is told. */
  async function linkBy(
    type: object | string,
    given: readonly [unknown, unknown],
    told: readonly [unknown, unknown] = given,
  ): Promise<void> {
    const id = { type, primaryKey: true };
    const [Post, Tag] = [define('Post'), define('Tag', { id: id as never })];
    Post.belongsToMany(Tag, { through: 'PostTag', ...UNSTAMPED });
    await sequelize.sync({ force: true });
    const post = await create(Post);
    await Tag.bulkCreate(told.map((key) => ({ id: key })) as never[]);
    const tags = await Tag.findAll({ order: ['id'] });

    await post.addTags([...given, ...given]);
    await post.addTags(tags);
    await post.setTags(tags);
    await post.setTags([given[0]]);
    await post.removeTag(given[0]);

    expect(sent()).to.deep.equal([
      ...[
        ['pre_add', told],
        ['post_add', told],
      ],
      ...[
        ['pre_add', []],
        ['post_add', []],
      ],
      ...[
        ['pre_remove', [told[1]]],
        ['post_remove', [told[1]]],
      ],
      ...[
        ['pre_remove', [told[0]]],
        ['post_remove', [told[0]]],
      ],
    ]);
    expect(tags.map(idOf)).to.deep.equal(told);
  }

  describe('are known by keys that are', () => {
    it('integers, as text and as bigints (D-177)', () =>
      linkBy(DataTypes.INTEGER, ['7', 8n], [7, 8]));
    it('text, as numbers (D-177)', () => linkBy(DataTypes.STRING, [7, '8'], ['7', '8']));
    it('dates', () => {
      const dates = ['2024-01-02 03:04:05Z', '2025-01-02 03:04:05Z'] as const;
      return linkBy(DataTypes.DATE, [...dates], [new Date(dates[0]), new Date(dates[1])]);
    });
    it('days, as dates', () => {
      const days = ['2024-01-02', '2025-01-02'] as const;
      return linkBy(DataTypes.DATEONLY, [new Date(2024, 0, 2, 12), days[1]], [...days]);
    });
    it('fractions, as text', () => linkBy(DataTypes.DOUBLE, ['1.5', 2.25], [1.5, 2.25]));
  });

  for (const [type, wrong] of [
    ['DATE', 'yesterday'],
    ['DOUBLE', 'much'],
  ] as const) {
    it(`are refused for what is no ${type}, before anything is sent (D-200)`, async () => {
      const [Post, Tag] = [
        define('Post'),
        define('Tag', { id: { type: DataTypes[type], primaryKey: true } }),
      ];
      Post.belongsToMany(Tag, { through: 'PostTag', ...UNSTAMPED });
      await sequelize.sync({ force: true });
      const post = await create(Post);

      const error = await rejectionOf(post.addTag(wrong));

      expect(error).to.be.instanceOf(InvalidArgumentError);
      expect(events).to.deep.equal([]);
    });
  }

  it('are known by the attributes that the relation names', async () => {
    const code = { type: DataTypes.STRING, unique: true, field: 'the_code' };
    const [Post, Tag] = [
      define('Post', { code: { ...code } }),
      define('Tag', { code: { ...code } }),
    ];
    const sides = { through: 'PostTag', ...UNSTAMPED };
    Post.belongsToMany(Tag, { ...sides, sourceKey: 'code', targetKey: 'code' });
    Tag.belongsToMany(Post, { ...sides, sourceKey: 'code', targetKey: 'code' });
    await sequelize.sync({ force: true });
    const [post, a, b] = [
      await create(Post, { code: 'p' }),
      await create(Tag, { code: 'a' }),
      await create(Tag, { code: 'b' }),
    ];

    await post.addTags([a, b]);
    await post.setTags([b]);
    await a.addPost(post);

    expect(sent()).to.deep.equal([
      ...[
        ['pre_add', ['a', 'b']],
        ['post_add', ['a', 'b']],
      ],
      ...[
        ['pre_remove', ['a']],
        ['post_remove', ['a']],
      ],
      ...[
        ['pre_add', ['p']],
        ['post_add', ['p']],
      ],
    ]);
  });

  it('may have keys of several attributes, of which the relation knows the first', async () => {
    const key = () => ({ type: DataTypes.INTEGER, primaryKey: true });
    const [Post, Tag] = [define('Post'), define('Tag', { id: key(), lang: key() })];
    Post.belongsToMany(Tag, { through: 'PostTag', constraints: false, ...UNSTAMPED });
    await sequelize.sync({ force: true });
    const [post, tag] = [await create(Post), await create(Tag, { id: 1, lang: 2 })];

    await post.addTag(tag);
    await post.removeTag(1);

    expect(sent().map(([, keys]) => keys)).to.deep.equal([[1], [1], [1], [1]]);
  });

  it('may be linked by rows that are only marked as deleted, and to be made anew', async () => {
    const [Post, Tag] = [define('Post'), define('Tag')];
    const id = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true };
    const Link = sequelize.define('PostTag', { id }, { paranoid: true });
    Post.belongsToMany(Tag, { through: { model: Link, unique: false } });
    await sequelize.sync({ force: true });
    const [post, tag] = [await create(Post), await create(Tag)];

    await post.addTag(tag);
    await post.setTags(null);
    await post.addTag(tag);
    await post.removeTag(tag);
    await post.setTags([tag]);

    expect(events.map(({ action }) => action)).to.deep.equal([
      ...['pre_add', 'post_add', 'pre_clear', 'post_clear', 'pre_add', 'post_add'],
      ...['pre_remove', 'post_remove', 'pre_add', 'post_add'],
    ]);
    expect(await Link.count({ paranoid: false })).to.equal(3);
    expect(await Link.count()).to.equal(1);
  });

  if (database.dialect === 'postgres') {
    it('may be in another schema', async () => {
      await sequelize.createSchema('other', {});
      const [Post, Tag] = [define('Post', {}, { schema: 'other' }), define('Tag')];
      Post.belongsToMany(Tag.schema('other'), { through: 'PostTag', ...UNSTAMPED });
      await Tag.schema('other').sync();
      await sequelize.sync();
      const [post, tag] = [await create(Post), await create(Tag.schema('other'))];

      await post.addTag(tag);

      expect(sent()[1]).to.deep.equal(['post_add', [idOf(tag)]]);
      expect(events[0]).to.include({ model: Tag });
      await sequelize.dropSchema('other', {});
    });
  }
});
