/**
 * `m2mChanged`: what a `belongsToMany` really changes, and a cache that follows it.
 */
import { m2mChanged } from 'sequelize-signals';
import { Post, sequelize, Tag } from './models.js';
import { cache } from './receivers.js';

/** The tags of a post, from the cache if it has them. */
async function tagsOf(post: Post): Promise<string> {
  const known = cache.get(post.id);
  if (known !== undefined) return `${known} (from the cache)`;

  const tags = await post.getTags({ order: ['id'] });
  const names = tags.map(({ name }) => name).join(', ') || 'none';
  cache.set(post.id, names);
  return names;
}

async function main(): Promise<void> {
  await sequelize.sync();
  const post = await Post.create({ title: 'On engines' });
  const [sql, node, locks] = await Tag.bulkCreate([
    { name: 'sql' },
    { name: 'node' },
    { name: 'locks' },
  ]);
  if (!sql || !node || !locks) throw new Error('bulkCreate() lost a tag');

  console.log('addTags: the keys are those that were not there before');
  await post.addTags([sql, node]);
  await post.addTags([node, locks]);

  console.log('removeTag: the key that was asked for');
  await post.removeTag(node);

  console.log('setTags: what is too much is removed, then what is missing is added');
  await post.setTags([locks, node]);
  console.log('setTags: nothing for the tags that it has already');
  await post.setTags([node, locks]);

  console.log('createTag: the new tag, added');
  await post.createTag({ name: 'history' });

  console.log('addPosts: the same from the other side');
  await sql.addPosts([post]);
  console.log(`  tags: ${await tagsOf(post)}`);

  console.log('a receiver that fails undoes the change');
  const undo = m2mChanged.connect(
    function keepOne({ action }) {
      if (action === 'post_clear') throw new Error('a post must have a tag');
    },
    { sender: 'PostTag' },
  );
  await post.setTags(null).catch((error: Error) => console.log(`  ${error.message}`));
  undo();
  console.log(`  tags: ${await tagsOf(post)}`);

  console.log('setTags(null) clears');
  await post.setTags(null);
  console.log(`  tags: ${await tagsOf(post)}`);
}

void main();
