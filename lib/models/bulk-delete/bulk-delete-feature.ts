import type { DestroyOptions, Model, ModelStatic } from 'sequelize';
import { type Database, mayAskForRows, modelItself, replaceMethod } from '../../sequelize/index.js';
import { inBlockOfDeletion } from '../cascades/refusals.js';
import { tellsOfOthers } from '../cascades/takes-others-along.js';
import { postDelete, preDelete } from '../delete/delete-signals.js';
import { type FromOrigin, ORIGIN, Origin } from '../delete/deletion-options.js';
import type { ModelFeature } from '../feature.js';
import { isAnyHeard } from '../listening.js';
import { postBulkDelete, preBulkDelete } from './bulk-delete-signals.js';
import { BulkDeletion } from './bulk-deletion.js';

/** On the options of a deletion of many rows: what has signals sent for it. */
const DELETION = Symbol('deletion');

/** The options of a deletion of many rows, as callers and hooks get them. */
interface Options extends DestroyOptions, FromOrigin {
  readonly [DELETION]?: BulkDeletion;
}

type Destroy = (this: ModelStatic<Model>, ...parameters: [options?: Options]) => Promise<number>;

const SIGNALS = [preBulkDelete, postBulkDelete];
const ROW_SIGNALS = [preDelete, postDelete];

/** Sends `preBulkDelete` and `postBulkDelete`, and has the signals of rows be true. */
export function bulkDeleteFeature(database: Database): ModelFeature {
  return {
    hooks: {
      signals: [...SIGNALS, ...ROW_SIGNALS],
      areNeededUnheard: database.options.cascades === 'signals',
      byType: { beforeBulkDestroy: async (options: Options) => options[DELETION]?.before(options) },
      first: {
        afterBulkDestroy: async (options: Options) => options[DELETION]?.afterRows(options),
      },
    },
    replaceMethods: (model) => [
      replaceMethod(model as { readonly destroy: Destroy }, 'destroy', (original) =>
        destroyInOneBlock(database, original),
      ),
    ],
  };
}

/** Has a deletion and its receivers succeed or fail together (D-147). */
function destroyInOneBlock(database: Database, destroy: Destroy): Destroy {
  return async function (...parameters) {
    const [options] = parameters;
    const sender = modelItself(this);
    if (!options || !isWatched(database, sender, options)) return destroy.apply(this, parameters);

    const origin = options[ORIGIN] ?? new Origin(options);
    const call = { model: sender, origin, transaction: options.transaction };
    return inBlockOfDeletion(database, call, async (transaction) => {
      const deletion = new BulkDeletion(database, sender, transaction);
      const marks = { [DELETION]: deletion, [ORIGIN]: origin };
      const count = await destroy.call(this, { ...options, ...marks, transaction });
      await deletion.after(count);
      return count;
    });
  };
}

function isWatched(
  database: Database,
  sender: ModelStatic<Model>,
  options: DestroyOptions,
): boolean {
  if (options.hooks === false) return false;
  if (isAnyHeard(sender, SIGNALS)) return true;
  if (!mayAskForRows(sender, options, 'beforeBulkDestroy')) return false;
  return isAnyHeard(sender, ROW_SIGNALS) || tellsOfOthers(database, sender, options);
}
