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
  InvalidArgumentError,
  install,
  type M2MChanged,
  type ModelSignal,
  m2mChanged,
  onCommit,
  postDelete,
  postSave,
  preDelete,
  preSave,
  RolledBackError,
  type SignalEvent,
  transaction,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { rejectionOf } from '../support/rejection.js';
import { Statements } from '../support/statements.js';

type Change = (given?: unknown, options?: object) => Promise<unknown>;
/** An instance with the methods that belongsToMany gives it. */
type Linked = Model &
  Record<
    | `${'add' | 'remove'}${'Tag' | 'Song' | 'Right'}`
    | `${'add' | 'remove' | 'set' | 'get'}${'Tags' | 'Songs' | 'Rights' | 'Bonuses'}`
    | 'createTag'
    | 'addPost'
    | 'addIdol'
    | 'addFan'
    | 'addFriend'
    | 'addA'
    | 'setAs'
    | 'addB',
    Change
  >;
type Class = ModelStatic<Model>;
type Event = SignalEvent<M2MChanged, Class>;

describeOnEachDatabase('m2mChanged', (database) => {
  const statements = new Statements();
  const events: Event[] = [];
  let sequelize: Sequelize;
  let connection: Connection;
  let Post: Class;
  let Tag: Class;
  let post: Linked;
  let tags: Linked[];
  let undo: (() => boolean)[] = [];

  before(() => {
    sequelize = database.connect({ logging: statements.log });
    connection = install(sequelize);
  });
  after(() => connection.uninstall());
  beforeEach(async () => {
    [Post, Tag] = [define('Post'), define('Tag')];
    Post.belongsToMany(Tag, { through: 'PostTag', timestamps: false });
    Tag.belongsToMany(Post, { through: 'PostTag', timestamps: false });
    await sequelize.sync({ force: true });
    post = await create(Post, {});
    tags = [await create(Tag, {}), await create(Tag, {}), await create(Tag, {})];
    undo = [m2mChanged.connect((event) => void events.push(event as Event))];
    events.length = 0;
    statements.clear();
  });
  afterEach(() => {
    for (const disconnect of undo) disconnect();
    const { modelManager } = sequelize;
    for (const model of [...modelManager.all]) modelManager.removeModel(model as Class);
  });

  function define(name: string, attributes = {}, options = {}): Class {
    const own = { text: DataTypes.STRING, ...attributes };
    return sequelize.define(name, own, { timestamps: false, ...options });
  }

  async function create(model: Class, values: object): Promise<Linked> {
    return (await model.create({ ...values })) as Linked;
  }

  const idOf = (instance: Model | undefined) => instance?.get('id') as Identifier;
  const ids = () => tags.map(idOf);
  const through = (name = 'PostTag') => sequelize.model(name);
  /** What was sent since the test began: each action with its keys. */
  const sent = () => events.map(({ action, pkSet }) => [action, pkSet && [...pkSet]]);
  /** The keys of what an instance is linked to. */
  async function linked(source = post, others = 'Tags'): Promise<Identifier[]> {
    const { [`get${others}`]: get } = source as unknown as Record<string, () => Promise<Model[]>>;
    return ((await get?.call(source)) ?? []).map(idOf).sort();
  }

  /** Connects for the rest of the test. */
  function connect(action: M2MChanged['action'], receiver: (event: Event) => unknown): void {
    const called = (event: M2MChanged) =>
      event.action === action ? receiver(event as Event) : undefined;
    undo.push(m2mChanged.connect(called));
  }

  describe('by addX', () => {
    it('tells who, what and where (D-169, D-170, D-171, D-172)', async () => {
      await post.addTag(tags[0]);

      expect(events).to.have.length(2);
      for (const event of events) {
        expect(event).to.include({ sender: through(), instance: post, model: Tag });
        expect(event).to.include({ reverse: false, using: 'default', signal: m2mChanged });
      }
      expect(sent()).to.deep.equal([
        ['pre_add', [ids()[0]]],
        ['post_add', [ids()[0]]],
      ]);
    });

    it('is reverse on the side that was declared second (D-172)', async () => {
      await tags[0]?.addPost(post);

      expect(events[0]).to.include({ reverse: true, instance: tags[0], model: Post });
      expect(events[0]?.pkSet).to.deep.equal(new Set([idOf(post)]));
    });

    it('has the very instance, also of a class that extends the model (D-173)', async () => {
      class Special extends Post {}
      const special = (await new Special().save()) as Linked;
      events.length = 0;

      await special.addTag(tags[0]);
      await tags[1]?.addPost(special);

      expect(events[0]).to.include({ instance: special, model: Tag });
      expect(events[2]).to.include({ instance: tags[1], model: Post });
      expect(await linked(special)).to.deep.equal(ids().slice(0, 2));
    });

    it('has only the keys that are not linked yet, each once (D-174)', async () => {
      await post.addTag(tags[0]);
      events.length = 0;

      await post.addTags([tags[0], tags[1], tags[1], ids()[1]]);

      expect(sent()[0]).to.deep.equal(['pre_add', [ids()[1]]]);
      expect(await linked()).to.deep.equal(ids().slice(0, 2));
    });

    it('is sent with an empty set when all are linked, and inserts nothing (D-175, D-199)', async () => {
      await post.addTag(tags[0]);
      events.length = 0;
      statements.clear();

      await post.addTag(tags[0]);

      expect(sent()).to.deep.equal([
        ['pre_add', []],
        ['post_add', []],
      ]);
      expect(statements.verbs()).not.to.include('INSERT');
    });

    it('takes keys of whatever type the attribute understands (D-177, J-29)', async () => {
      await post.addTags([String(ids()[0]), BigInt(String(ids()[1]))]);
      await post.addTag(String(ids()[0]));

      expect(sent()[0]).to.deep.equal(['pre_add', ids().slice(0, 2)]);
      expect(sent()[2]).to.deep.equal(['pre_add', []]);
    });

    it('inserts what is left in the set before, which is the set after (D-191)', async () => {
      connect('pre_add', ({ pkSet }) => pkSet?.delete(ids()[0] as Identifier));

      await post.addTags(tags);

      expect(events[0]?.pkSet).to.equal(events[1]?.pkSet);
      expect(await linked()).to.deep.equal(ids().slice(1));
    });

    it('is sent before the INSERT alone when a key is of nobody (D-202)', async () => {
      const error = await rejectionOf(post.addTag(999));

      expect(error.name).to.equal('SequelizeForeignKeyConstraintError');
      expect(sent()).to.deep.equal([['pre_add', [999]]]);
      expect(await linked()).to.deep.equal([]);
    });

    it('is not sent for nothing (D-179)', async () => {
      await post.addTags([]);
      await post.addTag();

      expect(events).to.deep.equal([]);
      expect(statements.all).to.deep.equal([]);
    });

    it('sends no other signals for the rows of a through model of Sequelize (D-111, D-195)', async () => {
      const others: string[] = [];
      for (const signal of [preSave, postSave, preDelete, postDelete]) {
        undo.push((signal as ModelSignal).connect(() => void others.push(signal.name)));
      }

      await post.addTags(tags);
      await post.removeTags(tags);
      await through().create({ PostId: idOf(post), TagId: ids()[0] });

      expect(others).to.deep.equal([]);
    });

    it('resolves to the rows it inserted, as Sequelize does', async () => {
      const rows = (await post.addTags(tags.slice(0, 2))) as Model[];

      expect(rows.map((row) => row.get('TagId'))).to.deep.equal(ids().slice(0, 2));
    });
  });

  describe('by removeX', () => {
    beforeEach(async () => {
      await post.addTags(tags.slice(0, 2));
      events.length = 0;
      statements.clear();
    });

    it('has every key that was asked for, linked or not (D-176)', async () => {
      await post.removeTags([tags[0], tags[2]]);

      expect(sent()).to.deep.equal([
        ['pre_remove', [ids()[0], ids()[2]]],
        ['post_remove', [ids()[0], ids()[2]]],
      ]);
      expect(await linked()).to.deep.equal([ids()[1]]);
    });

    it('takes keys of whatever type the attribute understands (D-177)', async () => {
      await post.removeTag(String(ids()[0]));

      expect(sent()[0]).to.deep.equal(['pre_remove', [ids()[0]]]);
    });

    it('leaves alone what a receiver takes out of the set', async () => {
      connect('pre_remove', ({ pkSet }) => pkSet?.delete(ids()[0] as Identifier));

      await post.removeTags(tags);

      expect(await linked()).to.deep.equal([ids()[0]]);
    });

    it('resolves to the number of removed links, and is not sent for nothing (D-179)', async () => {
      expect(await post.removeTags([])).to.equal(0);
      expect(await post.removeTags(tags)).to.equal(2);

      expect(sent()).to.have.length(2);
    });
  });

  describe('by setX', () => {
    beforeEach(async () => {
      await post.addTags(tags.slice(0, 2));
      events.length = 0;
      statements.clear();
    });

    it('removes, then adds, what is different (D-181, J-23)', async () => {
      await post.setTags(tags.slice(1));

      expect(sent()).to.deep.equal([
        ['pre_remove', [ids()[0]]],
        ['post_remove', [ids()[0]]],
        ['pre_add', [ids()[2]]],
        ['post_add', [ids()[2]]],
      ]);
      expect(await linked()).to.deep.equal(ids().slice(1));
    });

    it('sends nothing when nothing is different (D-181)', async () => {
      await post.setTags([ids()[1], String(ids()[0])]);

      expect(events).to.deep.equal([]);
      expect(statements.verbs()).to.deep.equal(['BEGIN', 'SELECT', 'COMMIT']);
    });

    it('takes instances and keys of whatever type, in an array (D-184)', async () => {
      await post.setTags([tags[1], String(ids()[2])]);

      expect(sent()[1]).to.deep.equal(['post_remove', [ids()[0]]]);
      expect(sent()[3]).to.deep.equal(['post_add', [ids()[2]]]);
    });

    it('refuses other iterables (D-184)', async () => {
      const error = await rejectionOf(post.setTags(new Set(tags)));

      expect(error).to.be.instanceOf(InvalidArgumentError);
      expect(events).to.deep.equal([]);
    });

    it('removes all for an empty array, and clears for null (D-178, D-180, D-182)', async () => {
      await post.setTags([]);
      await post.setTags([]);
      await post.setTags(null);

      expect(sent()).to.deep.equal([
        ['pre_remove', ids().slice(0, 2)],
        ['post_remove', ids().slice(0, 2)],
        ['pre_clear', null],
        ['post_clear', null],
      ]);
      expect(await linked()).to.deep.equal([]);
    });

    it('clears first when it is asked to (D-183)', async () => {
      await post.setTags(tags.slice(0, 2), { clear: true });
      await post.setTags([], { clear: true });

      expect(events.map(({ action }) => action)).to.deep.equal([
        ...['pre_clear', 'post_clear', 'pre_add', 'post_add'],
        ...['pre_clear', 'post_clear'],
      ]);
    });

    it('sees links that a receiver made meanwhile', async () => {
      connect('post_remove', async () => {
        await through().create({ PostId: idOf(post), TagId: ids()[2] });
      });

      await post.setTags(tags.slice(1));

      expect(await linked()).to.deep.equal(ids().slice(1));
    });
  });

  describe('by createX', () => {
    it('is sent after the save signals of the new one (D-185)', async () => {
      const order: string[] = [];
      undo.push(
        preSave.connect(() => void order.push('preSave')),
        postSave.connect(() => void order.push('postSave')),
        m2mChanged.connect(({ action }) => void order.push(action)),
      );

      const tag = (await post.createTag({ text: 'new' })) as Model;

      expect(order).to.deep.equal(['preSave', 'postSave', 'pre_add', 'post_add']);
      expect(events[0]?.pkSet).to.deep.equal(new Set([idOf(tag)]));
      expect(statements.verbs()).to.deep.equal(['BEGIN', 'INSERT', 'SELECT', 'INSERT', 'COMMIT']);
    });

    it('keeps nothing when a receiver fails (D-186)', async () => {
      connect('post_add', () => {
        throw new Error('boom');
      });

      await rejectionOf(post.createTag({ text: 'new' }));

      expect(await Tag.count({ where: { text: 'new' } })).to.equal(0);
    });
  });

  describe('in blocks', () => {
    it('is one block with its change (D-188, J-23)', async () => {
      await post.setTags(tags);

      expect(statements.verbs()).to.deep.equal(['BEGIN', 'SELECT', 'INSERT', 'COMMIT']);
      expect(events[0]?.transaction).not.to.equal(undefined);
      expect(events[0]?.transaction).to.equal(events[1]?.transaction);
    });

    for (const action of ['pre_add', 'post_add'] as const) {
      it(`undoes the change when ${action} fails (D-189)`, async () => {
        connect(action, () => {
          throw new Error('boom');
        });

        const error = await rejectionOf(post.addTags(tags));

        expect(error.message).to.equal('boom');
        expect(await linked()).to.deep.equal([]);
      });
    }

    it('breaks the block around it when a receiver fails (D-189)', async () => {
      connect('post_add', () => {
        throw new Error('boom');
      });

      const error = await rejectionOf(atomic(() => rejectionOf(post.addTags(tags))));

      expect(error).to.be.instanceOf(RolledBackError);
    });

    it('has callbacks run when the change is committed (D-190)', async () => {
      const order: string[] = [];
      connect('pre_add', () => onCommit(() => void order.push('committed')));
      connect('post_add', () => void order.push('post_add'));

      await post.addTag(tags[0]);

      expect(order).to.deep.equal(['post_add', 'committed']);
    });

    it('runs in the transaction that the caller passed', async () => {
      const currents: unknown[] = [];
      connect('post_add', () => currents.push(transaction.current()));
      const t = await sequelize.transaction();

      await post.addTags(tags, { transaction: t });
      await t.rollback();

      expect(currents).to.deep.equal([t]);
      expect(await linked()).to.deep.equal([]);
    });

    it('lets calls that are started together outside of blocks all succeed', async () => {
      await Promise.all(tags.map((tag) => post.addTag(tag)));

      expect(await linked()).to.deep.equal(ids());
    });

    it('lets calls that are started together run one after another', async () => {
      await post.addTags(tags);
      events.length = 0;

      await atomic(() => Promise.all([post.removeTag(tags[0]), post.setTags(tags)]));

      expect(events.map(({ action }) => action)).to.deep.equal([
        ...['pre_remove', 'post_remove'],
        ...['pre_add', 'post_add'],
      ]);
      expect(await linked()).to.deep.equal(ids());
    });
  });

  it('is not sent for the links of a row that is deleted, nor is anything else (D-159, D-160)', async () => {
    await post.addTags(tags);
    events.length = 0;
    const others: unknown[] = [];
    for (const signal of [preDelete, postDelete]) {
      undo.push(signal.connect(({ sender }) => others.push([signal.name, sender])));
    }

    await post.destroy();

    expect(events).to.deep.equal([]);
    expect(others).to.deep.equal([
      ['preDelete', Post],
      ['postDelete', Post],
    ]);
    expect(await through().count()).to.equal(0);
  });

  it('leaves Sequelize its own methods while nobody listens (D-198)', async () => {
    for (const disconnect of undo) disconnect();

    await post.addTag(tags[0]);
    await post.setTags(tags);
    await post.removeTag(tags[0]);

    expect(statements.verbs()).to.deep.equal([
      ...['SELECT', 'INSERT'],
      ...['SELECT', 'INSERT'],
      ...['DELETE'],
    ]);
  });

  it('is not sent by an assignment, which changes nothing that is stored (D-201)', async () => {
    await post.addTag(tags[0]);
    events.length = 0;

    Object.assign(post, { Tags: tags });
    await post.save();

    expect(events).to.deep.equal([]);
    expect(await linked()).to.deep.equal(ids().slice(0, 1));
  });

  it('is switched off by hooks: false', async () => {
    await post.addTags(tags, { hooks: false });
    await post.setTags(null, { hooks: false });

    expect(events).to.deep.equal([]);
  });

  it('has the through model as sender, by class and by name', async () => {
    const called: string[] = [];
    undo.push(
      m2mChanged.connect(() => void called.push('class'), { sender: through() }),
      m2mChanged.connect(() => void called.push('name'), { sender: 'PostTag' }),
      m2mChanged.connect(() => void called.push('other'), { sender: Post }),
    );

    await post.addTag(tags[0]);

    expect(called).to.deep.equal(['class', 'name', 'class', 'name']);
  });

  describe('with arguments that make no sense (D-200)', () => {
    const mistakes: Record<string, () => Promise<unknown>> = {
      'an instance of another model': () => post.addTag(post),
      'another object': () => post.removeTag({ id: 1 }),
      'an instance without a key': () => post.addTag(Tag.build()),
      'a key that is no number': () => post.addTag('first'),
      'a key that is missing': () => post.addTags([undefined]),
      'undefined for setX': () => post.setTags(undefined),
      'a source without a key': () => (Post.build() as Linked).addTag(tags[0]),
    };
    for (const [mistake, call] of Object.entries(mistakes)) {
      it(`refuses ${mistake}, and leaves the block sound`, async () => {
        await post.addTag(tags[1]);
        events.length = 0;

        await atomic(async () => {
          const error = await rejectionOf(call);
          expect(error).to.be.instanceOf(InvalidArgumentError);
        });

        expect(events).to.deep.equal([]);
        expect(await linked()).to.deep.equal([ids()[1]]);
      });
    }
  });

  describe('of a model with itself', () => {
    it('tells the side by its name (D-194)', async () => {
      const Person = define('Person');
      const side = { through: 'Admiration', timestamps: false };
      Person.belongsToMany(Person, { ...side, as: 'Idols', foreignKey: 'fan', otherKey: 'idol' });
      Person.belongsToMany(Person, { ...side, as: 'Fans', foreignKey: 'idol', otherKey: 'fan' });
      await sequelize.sync();
      const [ada, grace] = [await create(Person, {}), await create(Person, {})];

      await ada.addIdol(grace);
      await ada.addFan(grace);

      expect(events.map(({ reverse }) => reverse)).to.deep.equal([false, false, true, true]);
      expect(events[2]?.pkSet).to.deep.equal(new Set([idOf(grace)]));
      expect(await linked(grace, 'Idols')).to.deep.equal([idOf(ada)]);
    });

    it('is sent for one direction, as the other has rows of its own (D-192, D-193)', async () => {
      const Person = define('Person');
      const side = { through: 'Friendship', timestamps: false };
      Person.belongsToMany(Person, {
        ...side,
        as: 'Friends',
        foreignKey: 'one',
        otherKey: 'other',
      });
      await sequelize.sync();
      const [ada, grace] = [await create(Person, {}), await create(Person, {})];

      await ada.addFriend(grace);
      expect(await linked(grace, 'Friends')).to.deep.equal([]);
      await grace.addFriend(ada);

      expect(sent()).to.deep.equal([
        ['pre_add', [idOf(grace)]],
        ['post_add', [idOf(grace)]],
        ['pre_add', [idOf(ada)]],
        ['post_add', [idOf(ada)]],
      ]);
    });
  });

  describe('of an explicit through model', () => {
    const others: string[] = [];
    let Entry: Class;
    let album: Linked;
    let songs: Linked[];

    beforeEach(async () => {
      const [Album, Song] = [define('Album'), define('Song')];
      Entry = define('Entry', {
        id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
        position: DataTypes.INTEGER,
        kind: DataTypes.STRING,
      });
      const through = { model: Entry, unique: false };
      Album.belongsToMany(Song, { through: { ...through } });
      Song.belongsToMany(Album, { through: { ...through } });
      Album.belongsToMany(Song, {
        as: 'Bonuses',
        through: { ...through, scope: { kind: 'bonus' } },
      });
      await sequelize.sync({ force: true });
      album = await create(Album, {});
      songs = [await create(Song, {}), await create(Song, {})];
      others.length = 0;
      events.length = 0;
      for (const signal of [preSave, postSave, preDelete, postDelete]) {
        undo.push(
          (signal as ModelSignal).connect(() => void others.push(signal.name), { sender: Entry }),
        );
      }
      undo.push(m2mChanged.connect(({ action }) => void others.push(action)));
    });

    const positions = async () =>
      (await Entry.findAll({ order: ['id'] })).map((entry) => entry.get('position'));

    it('inserts its rows without save signals, and deletes them with theirs (D-196)', async () => {
      await album.addSongs(songs);
      await album.removeSong(songs[0]);
      await album.setSongs(null);

      expect(others).to.deep.equal([
        ...['pre_add', 'post_add'],
        ...['pre_remove', 'preDelete', 'postDelete', 'post_remove'],
        ...['pre_clear', 'preDelete', 'postDelete', 'post_clear'],
      ]);
    });

    it('sends nothing itself when its rows are written directly (D-197)', async () => {
      const entry = await Entry.create({ AlbumId: idOf(album), SongId: idOf(songs[0]) });
      await entry.destroy();

      expect(others).to.deep.equal(['preSave', 'postSave', 'preDelete', 'postDelete']);
    });

    it('sends nothing for rows that the database deletes with an instance (D-161)', async () => {
      await album.addSongs(songs);
      others.length = 0;

      await album.destroy();

      expect(others).to.deep.equal([]);
      expect(await Entry.count()).to.equal(0);
    });

    it('takes values for its rows, also for those that are there', async () => {
      await album.addSong(songs[0], { through: { position: 1 } });
      await album.addSongs(songs, { through: { position: 2 } });
      expect(await positions()).to.deep.equal([2, 2]);

      (songs[1] as unknown as { Entry: object }).Entry = { position: 3 };
      await album.setSongs(songs, { through: { position: 4 } });

      expect(await positions()).to.deep.equal([4, 3]);
      expect(others).to.deep.equal(['pre_add', 'post_add', 'pre_add', 'post_add']);
    });

    it('keeps to the scope of its through model', async () => {
      await album.addSong(songs[0], { through: { kind: 'regular' } });
      await album.setBonuses(songs);
      await album.setBonuses([songs[1]]);

      const kinds = (await Entry.findAll({ order: ['id'] })).map((entry) => entry.get('kind'));
      expect(kinds).to.deep.equal(['regular', 'bonus']);
      expect(events.at(-1)).to.include({ action: 'post_remove', reverse: false });
      expect(await linked(album, 'Bonuses')).to.deep.equal([idOf(songs[1])]);
    });
  });

  describe('with keys that are', () => {
    async function linkByKey(
      type: object | string,
      first: unknown,
      second: unknown,
    ): Promise<void> {
      const key = { type, primaryKey: true };
      const [Left, Right] = [
        define('Left', { id: { ...key } }),
        define('Right', { id: { ...key } }),
      ];
      Left.belongsToMany(Right, { through: 'Both', timestamps: false });
      Right.belongsToMany(Left, { through: 'Both', timestamps: false });
      await sequelize.sync({ force: true });
      const left = await create(Left, { id: first });
      await create(Right, { id: first });
      await create(Right, { id: second });
      const rights = (await Right.findAll({ order: ['id'] })) as Linked[];
      events.length = 0;

      await left.addRights([first, second]);
      await left.addRights(rights);
      await left.setRights(rights);
      await left.removeRight(second);

      const keys = new Set(rights.map(idOf));
      expect(events.map(({ action }) => action)).to.deep.equal([
        ...['pre_add', 'post_add', 'pre_add', 'post_add'],
        ...['pre_remove', 'post_remove'],
      ]);
      expect(events[0]?.pkSet).to.deep.equal(keys);
      expect(events[2]?.pkSet).to.deep.equal(new Set());
      expect(events[4]?.pkSet).to.deep.equal(new Set([idOf(rights[1])]));
      expect(await linked(left, 'Rights')).to.deep.equal([idOf(rights[0])]);
    }

    it('UUIDs', () =>
      linkByKey(
        DataTypes.UUID,
        '0e0c8b5e-0a8c-4c8f-9a0a-3f2f5e6d7c81',
        '1e0c8b5e-0a8c-4c8f-9a0a-3f2f5e6d7c82',
      ));
    it('text', () => linkByKey(DataTypes.STRING, 'a', 'b'));
    it('numbers as text', () => linkByKey(DataTypes.STRING, '1', '2'));
    it('bigints (J-29)', () => linkByKey(DataTypes.BIGINT, 12, '13'));
    it('Buffers', () => {
      const types: Record<string, string> = { sqlite: 'BLOB', postgres: 'BYTEA' };
      const type = types[database.dialect] ?? 'BINARY(1)';
      return linkByKey(type, Buffer.from('a'), Buffer.from('b'));
    });
    // The SQLite driver rounds them, whoever asks.
    if (database.dialect !== 'sqlite') {
      it('bigints that no number can hold (J-29)', () => {
        return linkByKey(DataTypes.BIGINT, '9007199254740993', '9007199254740995');
      });
    }
  });

  it('knows relations that were declared before install()', async () => {
    const other = database.connect();
    const [A, B] = ['A', 'B'].map((name) => other.define(name, {}, { timestamps: false })) as [
      Class,
      Class,
    ];
    // The one that was defined second is declared first.
    B.belongsToMany(A, { through: 'AB', timestamps: false });
    A.belongsToMany(B, { through: 'AB', timestamps: false });
    await other.sync({ force: true });
    const installed = install(other, { using: 'other' });
    const [a, b] = [await create(A, {}), await create(B, {})];

    await a.addB(b);
    await b.addA(a);
    installed.uninstall();
    await b.setAs(null);

    expect(events.map(({ reverse }) => reverse)).to.deep.equal([true, true, false, false]);
  });

  it('knows the sides of models that are defined anew and name their keys', async () => {
    let [left, right]: Linked[] = [];
    for (const _time of ['first', 'second']) {
      const [Left, Right] = [define('Left'), define('Right')];
      Left.belongsToMany(Right, { as: 'Tags', through: 'Both', timestamps: false });
      // Sequelize has the first side take over the key that the second one names.
      const foreignKey = 'rightKey';
      Right.belongsToMany(Left, { as: 'Songs', through: 'Both', timestamps: false, foreignKey });
      await sequelize.sync({ force: true });
      [left, right] = [await create(Left, {}), await create(Right, {})];
    }

    await left?.addTag(right);
    await right?.removeSong(left);

    expect(events.map(({ reverse }) => reverse)).to.deep.equal([false, false, true, true]);
  });

  it('tells the database that its models were defined for (D-204)', async () => {
    const other = database.connect();
    const [A, B] = ['A', 'B'].map((name) => other.define(name, {}, { timestamps: false })) as [
      Class,
      Class,
    ];
    A.belongsToMany(B, { through: 'AB', timestamps: false });
    await other.sync({ force: true });
    const installed = install(other, { using: 'other' });
    const [a, b] = [await create(A, {}), await create(B, {})];

    await a.addB(b);
    await post.addTag(tags[0]);
    installed.uninstall();

    const told = events.map(({ using }) => using);
    expect(told).to.deep.equal(['other', 'other', 'default', 'default']);
  });
});
