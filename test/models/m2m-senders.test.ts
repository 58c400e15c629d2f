import { expect } from 'chai';
import type { Association, Model, ModelStatic, Sequelize } from 'sequelize';
import {
  type Connection,
  InvalidArgumentError,
  install,
  type ModelSignal,
  m2mChanged,
  postSave,
  receiver,
  unresolvedSenders,
} from 'sequelize-signals';
import { muteSignals } from 'sequelize-signals/testing';
import { describeOnEachDatabase } from '../support/databases.js';

type Class = ModelStatic<Model>;
type Change = (given?: unknown) => Promise<unknown>;
type Linked = Model & Record<'addTag' | 'addFan' | 'addPost', Change>;

const UNSTAMPED = { timestamps: false };

describeOnEachDatabase('an association as the sender of m2mChanged', (database) => {
  const called: string[] = [];
  let sequelize: Sequelize;
  let connection: Connection;
  let [Post, Tag]: [Class, Class] = [] as never;
  let post: Linked;
  let tag: Linked;

  before(async () => {
    sequelize = database.connect();
    connection = install(sequelize);
    [Post, Tag] = ['Post', 'Tag'].map((name) => sequelize.define(name, {}, UNSTAMPED)) as [
      Class,
      Class,
    ];
    Post.belongsToMany(Tag, { through: 'PostTag', ...UNSTAMPED });
    Tag.belongsToMany(Post, { through: 'PostTag', ...UNSTAMPED });
    Post.belongsToMany(Tag, { as: 'Fans', through: 'PostFan', ...UNSTAMPED });
    Post.hasMany(Tag, { as: 'Own' });
    await sequelize.sync({ force: true });
    post = (await Post.create()) as Linked;
    tag = (await Tag.create()) as Linked;
  });
  after(() => connection.uninstall());
  beforeEach(() => {
    called.length = 0;
  });

  const association = (name: string) => Post.associations[name] as Association;
  const changeAll = async () => {
    await post.addTag(tag);
    await tag.addPost(post);
    await post.addFan(tag);
  };
  const note = ({ action, sender }: { action: string; sender: Class }) =>
    void called.push(`${action} ${sender.name}`);

  it('is its through model: it is called for both sides, and for no other relation (D-169)', async () => {
    const undo = m2mChanged.connect(note, { sender: association('Tags') });

    await changeAll();
    undo();
    await changeAll();

    expect(called).to.deep.equal([
      ...['pre_add PostTag', 'post_add PostTag'],
      ...['pre_add PostTag', 'post_add PostTag'],
    ]);
  });

  it('is the same connection as by the class and by the other side', async () => {
    m2mChanged.connect(note, { sender: association('Tags') });
    m2mChanged.connect(note, { sender: sequelize.model('PostTag') });
    m2mChanged.connect(note, { sender: Tag.associations.Posts as Association });

    await post.addTag(tag);
    const ended = m2mChanged.disconnect(note, { sender: association('Tags') });
    await post.addTag(tag);

    expect(ended).to.equal(true);
    expect(called).to.have.length(2);
  });

  it('may be one of several, and be given to receiver()', async () => {
    receiver(m2mChanged, { sender: [association('Tags'), association('Fans')] })(note);

    await post.addTag(tag);
    await post.addFan(tag);
    m2mChanged.disconnect(note, { sender: [association('Tags'), association('Fans')] });

    expect(called.map((text) => text.split(' ')[1])).to.deep.equal([
      ...['PostTag', 'PostTag'],
      ...['PostFan', 'PostFan'],
    ]);
  });

  it('can be asked for, and muted', async () => {
    const sender = association('Tags');
    const undo = m2mChanged.connect(note, { sender });

    expect(m2mChanged.hasListeners(sender)).to.equal(true);
    expect(m2mChanged.hasListeners(association('Fans'))).to.equal(false);
    expect(unresolvedSenders()).to.deep.equal([]);
    await muteSignals(m2mChanged, { sender }).run(() => post.addTag(tag));
    undo();

    expect(called).to.deep.equal([]);
  });

  it('is refused where it has no through model, and by other signals', () => {
    const connects = [
      () => m2mChanged.connect(() => {}, { sender: association('Own') }),
      () => (postSave as ModelSignal).connect(() => {}, { sender: association('Tags') as never }),
    ];

    for (const connect of connects) {
      expect(connect)
        .to.throw(InvalidArgumentError)
        .with.property('message')
        .that.matches(/association/);
    }
  });
});
