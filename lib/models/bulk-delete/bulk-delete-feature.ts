import type { DestroyOptions, Model, ModelStatic } from 'sequelize';
import { type Database, mayAskForRows, modelItself, replaceMethod } from '../../sequelize/index.js';
import { inOneBlock } from '../../transactions/index.js';
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
    if (!options || !isWatched(sender, options)) return destroy.apply(this, parameters);

    const origin = options[ORIGIN] ?? new Origin(options);
    return inOneBlock(database, options.transaction, async (transaction) => {
      const deletion = new BulkDeletion(database, sender, transaction);
      const marks = { [DELETION]: deletion, [ORIGIN]: origin };
      const count = await destroy.call(this, { ...options, ...marks, transaction });
      await deletion.after(count);
      return count;
    });
  };
}

function isWatched(sender: ModelStatic<Model>, options: DestroyOptions): boolean {
  if (options.hooks === false) return false;
  if (isAnyHeard(sender, SIGNALS)) return true;
  return mayAskForRows(sender, options, 'beforeBulkDestroy') && isAnyHeard(sender, ROW_SIGNALS);
}
