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
  type M2MChanged,
  type ModelSignal,
  m2mChanged,
  postSave,
  preSave,
  type SignalEvent,
  transaction,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { rejectionOf } from '../support/rejection.js';

type Class = ModelStatic<Model>;
type Event = SignalEvent<M2MChanged, Class>;
type Creating = Model &
  Record<'createTag' | 'createChapter', (values: object, options: object) => Promise<Model>>;

const UNSTAMPED = { timestamps: false };

describeOnEachDatabase('m2mChanged for what an include links', (database) => {
  const events: Event[] = [];
  const order: string[] = [];
  let sequelize: Sequelize;
  let connection: Connection;
  let [Blog, Post, Tag, Note, Entry]: Class[] = [];
  let undo: (() => boolean)[] = [];

  before(() => {
    sequelize = database.connect();
    connection = install(sequelize);
  });
  after(() => connection.uninstall());
  beforeEach(async () => {
    [Blog, Post, Tag, Note] = ['Blog', 'Post', 'Tag', 'Note'].map((name) =>
      sequelize.define(name, { text: DataTypes.STRING }, UNSTAMPED),
    );
    Entry = sequelize.define('Entry', { position: DataTypes.INTEGER }, UNSTAMPED);
    Blog?.hasMany(model(Post));
    Post?.belongsToMany(model(Tag), { through: 'PostTag', ...UNSTAMPED });
    Tag?.belongsToMany(model(Post), { through: 'PostTag', ...UNSTAMPED });
    Post?.belongsToMany(model(Tag), { as: 'Chapters', through: Entry });
    Tag?.belongsToMany(model(Note), { through: 'TagNote', ...UNSTAMPED });
    await sequelize.sync({ force: true });
    events.length = 0;
    order.length = 0;
    undo = [
      m2mChanged.connect((event) => {
        events.push(event as Event);
        order.push(event.action);
      }),
      ...[preSave, postSave].map((signal) =>
        (signal as ModelSignal).connect(
          ({ sender }) => void order.push(`${signal.name} ${sender.name}`),
        ),
      ),
    ];
  });
  afterEach(() => {
    for (const disconnect of undo) disconnect();
    const { modelManager } = sequelize;
    for (const each of [...modelManager.all]) modelManager.removeModel(each as Class);
  });

  function model(of: Class | undefined): Class {
    if (!of) throw new Error('The models are defined before each test.');
    return of;
  }
  const idOf = (instance: Model | undefined) => instance?.get('id') as Identifier;
  const linked = (of: Model, as = 'Tags') => (of.get(as) as Model[]).map(idOf);
  const sent = () => events.map(({ action, pkSet }) => [action, ...(pkSet ?? [])]);
  const links = (name = 'PostTag') => sequelize.model(name).count();

  it('is sent around each link by create()', async () => {
    const post = await model(Post).create({ Tags: [{ text: 'a' }] } as never, { include: Tag });

    expect(sent()).to.deep.equal([
      ['pre_add', ...linked(post)],
      ['post_add', ...linked(post)],
    ]);
    for (const event of events) {
      expect(event).to.include({ sender: sequelize.model('PostTag'), instance: post, model: Tag });
      expect(event).to.include({ reverse: false, using: 'default' });
    }
    expect(events[0]?.pkSet).to.equal(events[1]?.pkSet);
    expect(order).to.deep.equal([
      'preSave Post',
      ...['preSave Tag', 'postSave Tag', 'pre_add', 'post_add'],
      'postSave Post',
    ]);
  });

  it('is sent before and after the row is there', async () => {
    const counts: number[] = [];
    undo.push(m2mChanged.connect(async () => void counts.push(await links())));

    await model(Post).create({ Tags: [{}] } as never, { include: Tag });

    expect(counts).to.deep.equal([0, 1]);
  });

  it('is sent by save() of what was built with an include, from either side', async () => {
    const tag = model(Tag).build({ Posts: [{}, {}] } as never, { include: Post });
    expect(events).to.deep.equal([]);

    await tag.save();

    const added = sent().filter(([action]) => action === 'post_add');
    expect(added.map(([, key]) => key)).to.have.members(linked(tag, 'Posts'));
    expect(events).to.have.length(4);
    for (const event of events) expect(event).to.include({ instance: tag, reverse: true });
  });

  it('is sent once for each source by bulkCreate()', async () => {
    const values = [{ Tags: [{}, {}] }, {}, { Tags: [{}] }];

    const posts = await model(Post).bulkCreate(values as never[], { include: [model(Tag)] });

    const [first, , third] = posts as [Model, Model, Model];
    expect(sent()).to.deep.equal([
      ['pre_add', ...linked(first)],
      ['pre_add', ...linked(third)],
      ['post_add', ...linked(first)],
      ['post_add', ...linked(third)],
    ]);
    expect(events.map(({ instance }) => instance)).to.deep.equal([first, third, first, third]);
    expect(await links()).to.equal(3);
  });

  for (const call of ['create', 'bulkCreate'] as const) {
    const make = async (values: object, options: object, of = Post): Promise<Model> => {
      if (call === 'create') return model(of).create(values as never, options);
      const [made] = await model(of).bulkCreate([values as never], options);
      return made as Model;
    };

    describe(`by ${call}()`, () => {
      it('is sent for links with attributes of their own', async () => {
        const values = { Chapters: [{ Entry: { position: 7 } }] };

        const post = await make(values, {
          include: [{ association: model(Post).associations.Chapters }],
        });

        expect(sent()).to.deep.equal([
          ['pre_add', ...linked(post, 'Chapters')],
          ['post_add', ...linked(post, 'Chapters')],
        ]);
        expect(events[0]).to.include({ sender: Entry, instance: post, reverse: false });
        const [entry] = await model(Entry).findAll();
        expect(entry?.get('position')).to.equal(7);
      });

      it('is sent for includes inside others', async () => {
        const include = [{ model: model(Post), include: [model(Tag)] }];
        const values = { Posts: [{ Tags: [{}] }] };

        const blog = await make(values, { include }, Blog);

        const [post] = blog.get('Posts') as [Model];
        expect(sent()).to.deep.equal([
          ['pre_add', ...linked(post)],
          ['post_add', ...linked(post)],
        ]);
        expect(events[0]).to.include({ instance: post, model: Tag });
      });

      it('runs in the block, and is undone with it', async () => {
        let current: unknown;
        const error = await rejectionOf(
          atomic(async () => {
            current = transaction.current();
            await make({ Tags: [{}] }, { include: [Tag] });
            throw new Error('boom');
          }),
        );

        expect(error.message).to.equal('boom');
        expect(events.map((event) => event.transaction)).to.deep.equal([current, current]);
        expect(await links()).to.equal(0);
      });

      it('keeps the link from being made when a receiver fails before', async () => {
        undo.push(
          m2mChanged.connect(() => {
            throw new Error('boom');
          }),
        );

        const error = await rejectionOf(make({ Tags: [{}] }, { include: [Tag] }));

        expect(error.message).to.equal('boom');
        expect(await links()).to.equal(0);
      });

      it('is not sent where nothing is included', async () => {
        await make({ text: 'alone' }, { include: [Tag] });
        await make({ text: 'alone' }, {});

        expect(events).to.deep.equal([]);
      });

      it('is switched off by hooks: false', async () => {
        await make({ Tags: [{}] }, { include: [Tag], hooks: false });

        expect(events).to.deep.equal([]);
        expect(await links()).to.equal(1);
      });

      it('is for its own relation alone', async () => {
        const called: unknown[] = [];
        undo.push(
          m2mChanged.connect(({ sender }) => void called.push(sender), { sender: 'Entry' }),
        );

        await make(
          { Tags: [{}], Chapters: [{}] },
          {
            include: [
              { model: Tag, as: 'Tags' },
              { model: Tag, as: 'Chapters' },
            ],
          },
        );

        expect(called).to.deep.equal([Entry, Entry]);
      });
    });
  }

  it('is sent by createX, also for what belongs to the new one', async () => {
    const post = (await model(Post).create()) as Creating;

    const tag = await post.createTag({ Notes: [{}] }, { include: [Note] });

    const [note] = tag.get('Notes') as [Model];
    expect(sent()).to.deep.equal([
      ...[
        ['pre_add', idOf(note)],
        ['post_add', idOf(note)],
      ],
      ...[
        ['pre_add', idOf(tag)],
        ['post_add', idOf(tag)],
      ],
    ]);
    expect(events[0]).to.include({ instance: tag });
    expect(events[2]).to.include({ instance: post });
  });

  it('is sent by createX with values for the link', async () => {
    const post = (await model(Post).create()) as Creating;

    const tag = await post.createChapter({ text: 'one' }, { through: { position: 3 } });

    expect(sent()).to.deep.equal([
      ['pre_add', idOf(tag)],
      ['post_add', idOf(tag)],
    ]);
    const [entry] = await model(Entry).findAll();
    expect(entry?.get('position')).to.equal(3);
  });
});
