import type { BulkCreateOptions, Model, ModelStatic } from 'sequelize';
import {
  type Database,
  modelItself,
  modelOfCall,
  RowQueue,
  replaceMethod,
  upsertedInstance,
} from '../../sequelize/index.js';
import type { ModelFeature } from '../feature.js';
import { withRollbackOfBuilt } from '../instances/rollback.js';
import { isAnyHeard } from '../listening.js';
import type { ModelSignal } from '../model-signal.js';
import { ROW_QUEUE } from '../save/save-options.js';
import { postSave, preSave } from '../save/save-signals.js';
import { send } from '../send.js';
import {
  type BulkCreate,
  type BulkCreateBySender,
  postBulkCreate,
  preBulkCreate,
} from './bulk-create-signals.js';

type BulkCreateCall = (
  this: ModelStatic<Model>,
  ...parameters: [values: readonly object[], options?: BulkCreateOptions]
) => Promise<Model[]>;

const ROW_SIGNALS = [preSave, postSave];

/** Sends `preBulkCreate` and `postBulkCreate`, for `upsert` too. */
export function bulkCreateFeature(database: Database): ModelFeature {
  const sendBulk = (
    signal: ModelSignal<BulkCreateBySender>,
    instances: readonly Model[],
    options: BulkCreateOptions,
    onConflict: BulkCreate['onConflict'],
  ): Promise<unknown> | undefined => {
    const sender = modelOfCall(options);
    return send(database, signal, sender, { instances, onConflict }, options.transaction);
  };
  return {
    hooks: {
      signals: [preBulkCreate, postBulkCreate],
      byType: {
        beforeBulkCreate: (instances: readonly Model[], options: BulkCreateOptions) =>
          sendBulk(preBulkCreate, instances, options, conflictOf(options)),
        afterBulkCreate: (instances: readonly Model[], options: BulkCreateOptions) =>
          sendBulk(postBulkCreate, instances, options, conflictOf(options)),
        beforeUpsert: (_values: object, options: BulkCreateOptions) =>
          sendBulk(preBulkCreate, [upsertedInstance(options)], options, 'update'),
        afterUpsert: ([instance]: [Model], options: BulkCreateOptions) =>
          sendBulk(postBulkCreate, [instance], options, 'update'),
      },
    },
    replaceMethods: (model) => [
      replaceMethod(model as { readonly bulkCreate: BulkCreateCall }, 'bulkCreate', (original) =>
        rowByRow(withRollbackOfBuilt(database, original, (_values, options) => options)),
      ),
    ],
  };
}

/** Has the rows that `individualHooks` asks for saved in their order: Sequelize saves all at once (J-21). */
function rowByRow(bulkCreate: BulkCreateCall): BulkCreateCall {
  return async function (...parameters) {
    const [values, options] = parameters;
    if (!options?.individualHooks || !isAnyHeard(modelItself(this), ROW_SIGNALS)) {
      return bulkCreate.apply(this, parameters);
    }
    const marked = { ...options, [ROW_QUEUE]: new RowQueue() };
    return bulkCreate.call(this, values, marked);
  };
}

function conflictOf({
  ignoreDuplicates,
  updateOnDuplicate,
}: BulkCreateOptions): BulkCreate['onConflict'] {
  if (updateOnDuplicate) return 'update';
  return ignoreDuplicates ? 'ignore' : 'fail';
}
