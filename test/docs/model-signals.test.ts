import { expect } from 'chai';
import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import {
  type Connection,
  classPrepared,
  install,
  type M2MChanged,
  m2mChanged,
  postBulkCreate,
  postBulkDelete,
  postBulkUpdate,
  postDelete,
  postInit,
  postMigrate,
  postSave,
  postValidate,
  preBulkCreate,
  preBulkDelete,
  preBulkUpdate,
  preDelete,
  preInit,
  preMigrate,
  preSave,
  preValidate,
  type Signal,
  updateOrCreate,
} from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { read } from '../support/repository.js';

/** One row of a table: a call, and what it sends. */
interface Row {
  readonly section: string;
  readonly call: string;
  readonly sends: readonly string[];
}

const ROWS = read('docs/model-signals.md')
  .split(/^## /m)
  .flatMap((text) => rowsOf(text.split('\n')[0] ?? '', text));

/** The signals that a table of their own is about. */
const BY_SECTION: Readonly<Record<string, readonly Signal[]>> = {
  'Making instances': [preInit, postInit] as readonly unknown[] as Signal[],
  Validating: [preValidate, postValidate] as readonly unknown[] as Signal[],
};
const OTHERS = [
  ...[preSave, postSave, preDelete, postDelete, preBulkCreate, postBulkCreate],
  ...[preBulkUpdate, postBulkUpdate, preBulkDelete, postBulkDelete],
  ...[m2mChanged, classPrepared, preMigrate, postMigrate],
] as readonly unknown[] as readonly Signal[];

describeOnEachDatabase('docs/model-signals.md', (database) => {
  let sequelize: Sequelize;
  let connection: Connection;
  let models: Record<string, ModelStatic<Model>>;
  let tables: ModelStatic<Model>[];
  let sent: string[];

  before(async () => {
    sequelize = database.connect({ define: { timestamps: false } });
    connection = install(sequelize);
    models = defineModels(sequelize);
    await sequelize.sync({ force: true });
    const sorted = sequelize.modelManager.getModelsTopoSortedByForeignKey() ?? [];
    tables = sorted as unknown as ModelStatic<Model>[];
  });
  beforeEach(async () => {
    for (const model of tables) await model.destroy({ where: {}, force: true });
    sent = [];
  });
  after(() => connection.uninstall());

  for (const { section, call, sends } of ROWS) {
    it(`${section}: ${call}`, async () => {
      const scope = { ...models, ...(await createRows(models)), sequelize, updateOrCreate };
      const signals = BY_SECTION[section] ?? OTHERS;
      const undo = signals.map((signal) =>
        signal.connect((event) => void sent.push(nameOf(event))),
      );

      await run(call, scope).finally(() => {
        for (const disconnect of undo) disconnect();
      });

      expect(sent).to.deep.equal(sends);
    });
  }
});

function rowsOf(section: string, text: string): Row[] {
  const rows = text.matchAll(/^\| `(.*?)` \| (.*) \|$/gm);
  return [...rows].map(([, call = '', cell = '']) => ({
    section,
    call,
    sends: [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  }));
}

function nameOf(event: object): string {
  const { signal, action } = event as { signal: Signal; action?: M2MChanged['action'] };
  return action ?? signal.name;
}

/** Runs a call of the document, whose names are those of `scope`. */
async function run(call: string, scope: object): Promise<unknown> {
  return new Function(...Object.keys(scope), `return ${call};`)(...Object.values(scope));
}

function defineModels(sequelize: Sequelize): Record<string, ModelStatic<Model>> {
  const Post = sequelize.define('Post', {
    title: { type: DataTypes.STRING, unique: true },
    views: DataTypes.INTEGER,
  });
  const Tag = sequelize.define('Tag', {});
  Post.belongsToMany(Tag, { through: 'PostTag' });
  Tag.belongsToMany(Post, { through: 'PostTag' });
  const [Comment, Cover] = [sequelize.define('Comment', {}), sequelize.define('Cover', {})];
  Post.hasMany(Comment);
  Comment.belongsTo(Post);
  Post.hasOne(Cover);
  const Draft = sequelize.define('Draft', {}, { timestamps: true, paranoid: true });
  const [Person, Group] = [sequelize.define('Person', {}), sequelize.define('Group', {})];
  const Membership = sequelize.define('Membership', {});
  Person.belongsToMany(Group, { through: Membership });
  Group.belongsToMany(Person, { through: Membership });
  return { Post, Tag, Comment, Cover, Draft, Person, Group, Membership };
}

async function createRows(
  models: Record<string, ModelStatic<Model>>,
): Promise<Record<string, Model>> {
  const create = async (name: string, values = {}) =>
    (await models[name]?.create(values)) as Model & Record<string, (other: Model) => unknown>;
  const post = await create('Post', { title: 'first', views: 1 });
  const [tag, other] = [await create('Tag'), await create('Tag')];
  const [comment, newComment] = [await create('Comment'), await create('Comment')];
  const [person, group] = [await create('Person'), await create('Group')];
  await post.addTag?.(tag);
  await post.addComment?.(comment);
  await person.addGroup?.(group);
  const [cover, draft] = [await create('Cover'), await create('Draft')];
  const newGroup = await create('Group');
  return { post, tag, other, comment, newComment, person, group, newGroup, cover, draft };
}
