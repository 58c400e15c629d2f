import type { BulkCreateOptions, Model, ModelStatic } from 'sequelize';
import { type Database, replaceMethod } from '../sequelize/index.js';
import { modelItself } from './defined-models.js';
import type { Family } from './family.js';
import type { ModelSignal } from './model-signal.js';
import { postBulkCreate, postSave, preBulkCreate, preSave } from './model-signals.js';
import type { BulkCreate, BulkCreateBySender } from './payloads.js';
import { Rows } from './rows.js';
import { IN_ROWS } from './save.js';
import { isEitherHeard, send } from './send.js';

/** The options of `bulkCreate` as its hooks get them. */
interface HookOptions extends BulkCreateOptions {
  readonly model: ModelStatic<Model>;
}

/** The options of `upsert` as its hooks get them. */
interface UpsertHookOptions extends HookOptions {
  readonly instance: Model;
}

type BulkCreateCall = (
  this: ModelStatic<Model>,
  ...parameters: [values: readonly object[], options?: BulkCreateOptions]
) => Promise<Model[]>;

/** Sends `preBulkCreate` and `postBulkCreate`. */
export function bulkCreateFamily(database: Database): Family {
  const sendBulk = (
    signal: ModelSignal<BulkCreateBySender>,
    instances: readonly Model[],
    options: HookOptions,
    onConflict = conflictOf(options),
  ): Promise<unknown> | undefined => {
    const sender = modelItself(options.model);
    return send(database, signal, sender, { instances, onConflict }, options.transaction);
  };
  return {
    hooks: {
      signals: [preBulkCreate, postBulkCreate],
      byType: {
        beforeBulkCreate: (instances: readonly Model[], options: HookOptions) =>
          sendBulk(preBulkCreate, instances, options),
        afterBulkCreate: (instances: readonly Model[], options: HookOptions) =>
          sendBulk(postBulkCreate, instances, options),
        beforeUpsert: (_values: object, options: UpsertHookOptions) =>
          sendBulk(preBulkCreate, [options.instance], options, 'update'),
        afterUpsert: ([instance]: [Model], options: UpsertHookOptions) =>
          sendBulk(postBulkCreate, [instance], options, 'update'),
      },
    },
    replaceMethods: (model) => [
      replaceMethod(model as { readonly bulkCreate: BulkCreateCall }, 'bulkCreate', rowByRow),
    ],
  };
}

/** Has the rows that `individualHooks` asks for saved in their order: Sequelize saves all at once (J-21). */
function rowByRow(bulkCreate: BulkCreateCall): BulkCreateCall {
  return async function (...parameters) {
    const [values, options] = parameters;
    const sender = modelItself(this);
    if (!options?.individualHooks || !isEitherHeard(sender, preSave, postSave)) {
      return bulkCreate.apply(this, parameters);
    }

    return bulkCreate.call(this, values, { ...options, [IN_ROWS]: new Rows() } as typeof options);
  };
}

function conflictOf({
  ignoreDuplicates,
  updateOnDuplicate,
}: HookOptions): BulkCreate['onConflict'] {
  if (updateOnDuplicate) return 'update';
  return ignoreDuplicates ? 'ignore' : 'fail';
}
