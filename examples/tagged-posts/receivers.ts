import { m2mChanged, onCommit } from 'sequelize-signals';
import { Post } from './models.js';

/** The tags of posts as a page shows them, by the id of the post. */
export const cache = new Map<number, string>();

m2mChanged.connect(
  function printChange({ action, model, pkSet, reverse }) {
    const keys = pkSet ? [...pkSet].join(', ') || 'none' : 'all';
    console.log(`  ${action} of ${model.name}: ${keys}${reverse ? ' (reverse)' : ''}`);
  },
  { sender: 'PostTag' },
);

m2mChanged.connect(
  async function forgetTags({ action, instance, pkSet, reverse }) {
    // Each change sends a pair. Who does not ask which one it is does everything twice.
    if (!action.startsWith('post_')) return;
    const posts = instance instanceof Post ? [instance.id] : (pkSet ?? []);
    await onCommit(() => {
      for (const id of posts) cache.delete(Number(id));
      console.log(`  cache cleared${reverse ? ', from the side of the tag' : ''}`);
    });
  },
  { sender: 'PostTag' },
);
