import type { Model } from 'sequelize';
import type {
  ChangeOptions,
  ChangeReplacements,
  Database,
  RelationSide,
} from '../../sequelize/index.js';
import { inOneBlock } from '../../transactions/index.js';
import {
  canHaveLinks,
  linkedKeysIn,
  linkTargetsIn,
  newLinkTargetsIn,
  sourceKeyOf,
} from './link-targets.js';
import { Links, type OptionsInBlock } from './links.js';
import { isRelationHeard } from './send-links-change.js';
import { TargetKeys } from './target-keys.js';

/**
 * Changes of links that send `m2mChanged`, each call in one block with its receivers (D-188).
 * Without receivers it is Sequelize's own, whose `set` deletes and inserts side by side, and whose
 * `add` and `remove` tell nobody what they change (J-23).
 */
export function changesInBlocks(database: Database, side: RelationSide): ChangeReplacements {
  const isWatched = (options: ChangeOptions | undefined): boolean =>
    options?.hooks !== false && isRelationHeard(side);

  const inBlock = (
    source: Model,
    options: ChangeOptions | undefined,
    change: (options: OptionsInBlock) => Promise<unknown>,
  ): Promise<unknown> => {
    // Whoever cannot be linked is refused before: an error inside would break the block of the caller.
    sourceKeyOf(side, source);
    return inOneBlock(database, options?.transaction, (transaction) =>
      change({ ...options, transaction }),
    );
  };

  const links = (keys: TargetKeys, source: Model, options: OptionsInBlock): Links =>
    new Links(database, keys, source, options);

  return {
    add: (original) => async (source, given, options) => {
      if (!isWatched(options)) return original(source, given, options);
      const keys = new TargetKeys(side);
      // Sequelize takes whatever is false for nothing.
      const targets = linkTargetsIn(keys, given || undefined);
      if (targets.size === 0) return undefined;
      return inBlock(source, options, (inside) => links(keys, source, inside).add(targets));
    },

    remove: (original) => async (source, given, options) => {
      if (!isWatched(options)) return original(source, given, options);
      const keys = new TargetKeys(side);
      const asked = linkedKeysIn(keys, given);
      if (asked.length === 0 || !canHaveLinks(side, source)) return 0;
      return inBlock(source, options, (inside) => links(keys, source, inside).remove(asked));
    },

    set: (original) => async (source, given, options) => {
      if (!isWatched(options)) return original(source, given, options);
      const keys = new TargetKeys(side);
      const targets = newLinkTargetsIn(keys, given);
      if (!targets?.size && !canHaveLinks(side, source)) return [];
      return inBlock(source, options, (inside) => links(keys, source, inside).set(targets));
    },

    /** Sequelize's own makes the target and calls `add`. */
    create: (original) => async (source, values, given) => {
      const options = Array.isArray(given) ? { fields: given } : given;
      if (!isWatched(options)) return original(source, values, given);
      return inBlock(source, options, (inside) => original(source, values, inside));
    },
  };
}
