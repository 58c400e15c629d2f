import { expect } from 'chai';
import { DataTypes, type Model, type Sequelize } from 'sequelize';
import { connections, install, postSave } from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { Statements } from '../support/statements.js';

describeOnEachDatabase('an installed instance without receivers', (database) => {
  it('sends the statements of Sequelize, and no others', async () => {
    const plain = asWriter(await statementsOf(() => {}));

    const installed = await statementsOf(install);

    expect(installed).to.deep.equal(plain);
  });

  it('sends them too when others are listened to', async () => {
    const plain = asWriter(await statementsOf(() => {}));
    using _undo = postSave.connect(() => {}, { sender: 'Other' });

    const installed = await statementsOf(install);

    expect(installed).to.deep.equal(plain);
  });

  /** The statements of a program that writes in every way. */
  async function statementsOf(prepare: (sequelize: Sequelize) => unknown): Promise<string[]> {
    const statements = new Statements();
    const sequelize = database.connect({ logging: statements.log });
    prepare(sequelize);
    const Post = sequelize.define(
      'Post',
      { title: { type: DataTypes.STRING, unique: true }, views: DataTypes.INTEGER },
      { timestamps: false },
    );
    const Tag = sequelize.define('Tag', {}, { timestamps: false });
    Post.belongsToMany(Tag, { through: 'PostTag', timestamps: false });
    Tag.belongsToMany(Post, { through: 'PostTag', timestamps: false });
    await sequelize.sync({ force: true });
    statements.clear();

    const post = (await Post.create({ title: 'a', views: 1 })) as Linked;
    await post.update({ views: 2 });
    await post.save();
    await post.increment('views');
    const tag = await post.createTag({});
    await post.setTags([tag, await Tag.create()]);
    await post.removeTag(tag);
    await post.addTag(tag);
    await post.setTags(null);
    await Post.bulkCreate([{ title: 'b' }, { title: 'c' }], { individualHooks: false });
    await Post.update({ views: 3 }, { where: { title: 'b' }, individualHooks: true });
    await Post.upsert({ id: 9, title: 'd' });
    await Post.findOrCreate({ where: { title: 'e' } });
    await Post.findOrCreate({ where: { title: 'e' } });
    await Post.findAll({ include: Tag });
    await post.destroy();
    await Post.destroy({ where: { title: 'b' }, individualHooks: true });
    await Post.destroy({ where: {} });
    connections.get(sequelize)?.uninstall();
    return statements.all.map(withoutIds);
  }
});

type Linked = Model &
  Record<'createTag' | 'setTags' | 'addTag' | 'removeTag', (given: unknown) => Promise<unknown>>;

/** On SQLite `findOrCreate` locks other writers out first: several at once would refuse one another. */
function asWriter(statements: readonly string[]): string[] {
  return statements.map((statement) => statement.replace('BEGIN DEFERRED', 'BEGIN IMMEDIATE'));
}

/** Sequelize puts random ids into statements. */
function withoutIds(statement: string): string {
  return statement.replace(/[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}/g, 'id');
}
