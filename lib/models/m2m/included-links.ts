import type { Identifier, Model, Transaction } from 'sequelize';
import {
  type Database,
  type IncludedLinks,
  includedLink,
  includedLinks,
  watchInclude,
  watchIncludes,
} from '../../sequelize/index.js';
import type { FeatureHooks } from '../feature.js';
import { m2mChanged } from './m2m-signals.js';
import { isRelationHeard, sendLinksChange } from './send-links-change.js';
import { TargetKeys } from './target-keys.js';

interface Options {
  readonly transaction?: Transaction | null;
}

/** Links that are told of before they are inserted, and after. */
interface Adding {
  readonly added: IncludedLinks;
  readonly pkSet: Set<Identifier>;
}

/**
 * Sends `m2mChanged` for the rows of through models that Sequelize inserts for an `include`: by
 * `create()` and `save()` each by itself, by `bulkCreate()` those of each source together. As with
 * all that these calls insert, no block is begun for them.
 */
export function hooksOfIncludedLinks(database: Database): FeatureHooks {
  /** By what the hooks get, which is the same before and after. */
  const additions = new WeakMap<object, readonly Adding[]>();

  const send = async (
    action: 'pre_add' | 'post_add',
    all: readonly Adding[],
    { transaction }: Options,
  ): Promise<void> => {
    for (const { added, pkSet } of all) {
      const change = { instance: added.source, action, pkSet };
      await sendLinksChange(database, added.side, change, transaction);
    }
  };

  const before = (
    written: object,
    included: readonly IncludedLinks[],
    options: Options,
  ): Promise<void> | undefined => {
    const heard = included.filter(({ side }) => isRelationHeard(side));
    if (heard.length === 0) return undefined;
    const all = heard.map((added) => ({ added, pkSet: keysOfTargets(added) }));
    additions.set(written, all);
    return send('pre_add', all, options);
  };

  const after = (written: object, options: Options): Promise<void> | undefined => {
    const all = additions.get(written);
    return all && send('post_add', all, options);
  };

  return {
    signals: [m2mChanged],
    first: {
      beforeCreate: (row: Model, options: Options) => {
        watchInclude(row);
        const included = includedLink(row, options);
        return included && before(row, [included], options);
      },
      beforeBulkCreate: (rows: readonly Model[], options: Options) => {
        watchIncludes(rows, options);
        return before(rows, includedLinks(rows, options), options);
      },
    },
    byType: { afterCreate: after, afterBulkCreate: after },
  };
}

function keysOfTargets({ side, links }: IncludedLinks): Set<Identifier> {
  const keys = new TargetKeys(side);
  const found = links.map((link) => keys.ofLink(link.dataValues as Record<string, unknown>));
  return new Set(found.flatMap((key) => (key === undefined ? [] : [key])));
}
