import type { InstanceDestroyOptions, Model, ModelStatic } from 'sequelize';
import {
  asksForRows,
  type Database,
  isDeleted,
  modelOf,
  replaceMethod,
} from '../../sequelize/index.js';
import { CASCADE, Cascade, type InCascade, type Roots } from '../cascades/cascade.js';
import { inBlockOfDeletion } from '../cascades/refusals.js';
import { takesOthersAlong } from '../cascades/takes-others-along.js';
import type { ModelFeature } from '../feature.js';
import { assertKey } from '../instances/assert-key.js';
import { withRollback } from '../instances/rollback.js';
import { isAnyHeard, isHeard } from '../listening.js';
import { postDelete, preDelete } from './delete-signals.js';
import { isSoft, ORIGIN, Origin } from './deletion-options.js';
import { sendDelete } from './send-delete.js';

/** The options of a deletion, as callers and hooks get them. */
interface Options extends InstanceDestroyOptions, InCascade {}

type Destroy = (this: Model, ...parameters: [options?: Options]) => Promise<void>;

const SIGNALS = [preDelete, postDelete];

/** Sends `preDelete` and `postDelete`, with `cascades: 'signals'` for the rows that go along as well. */
export function deleteFeature(database: Database): ModelFeature {
  const isCollecting = database.options.cascades === 'signals';
  const begun = new WeakMap<Options, Cascade>();

  const before = async (instance: Model, options: Options): Promise<void> => {
    // Sequelize runs the hooks of the rows that `individualHooks` asks for all the same.
    if (options.hooks === false) return;
    if (!isCollecting || !beginsCascade(instance, options)) {
      return sendDelete(database, preDelete, instance, options);
    }
    // A destroy() of the application may have left out what this library puts on the options.
    const { [ORIGIN]: origin = new Origin(instance) } = options;
    const cascade = new Cascade(database, { ...options, [ORIGIN]: origin });
    begun.set(options, cascade);
    await cascade.before(rootOf(database, instance, options));
  };

  const after = async (instance: Model, options: Options): Promise<void> => {
    if (options.hooks === false) return;
    const cascade = begun.get(options);
    await (cascade ? cascade.after() : tellAfter(database, instance, options));
  };

  return {
    hooks: {
      signals: SIGNALS,
      areNeededUnheard: isCollecting,
      byType: { beforeDestroy: before, afterDestroy: after },
    },
    replaceMethods: ({ prototype }: ModelStatic<Model>) => [
      replaceMethod(prototype, 'destroy', (original: Destroy) =>
        destroyInOneBlock(
          database,
          withRollback(database, original, (options) => options),
        ),
      ),
    ],
  };
}

/** Whether an instance is not one of the rows of another deletion. */
function beginsCascade(instance: Model, options: Options): boolean {
  const around = options[CASCADE];
  if (around ? around.includes(instance) : asksForRows(options)) return false;
  return !isSoft(modelOf(instance), options);
}

/** Sequelize runs the hooks of the instance itself: only the signals are left to be sent. */
function rootOf(database: Database, instance: Model, options: Options): Roots {
  return {
    model: instance.constructor as ModelStatic<Model>,
    rows: [instance],
    areLoaded: false,
    before: (row) => sendDelete(database, preDelete, row, options),
    after: (row) => tellAfter(database, row, options),
  };
}

/** Sends `postDelete` of a row that is gone, or marked. */
async function tellAfter(database: Database, instance: Model, options: Options): Promise<void> {
  if (await isDone(instance, options)) await sendDelete(database, postDelete, instance, options);
}

/** Rows of another deletion, and of a call for many, are looked after by that. */
async function isDone(instance: Model, options: Options): Promise<boolean> {
  const sender = modelOf(instance);
  const isOfOther = options[CASCADE]?.includes(instance) || asksForRows(options);
  const isSure = isOfOther || isSoft(sender, options) || !isHeard(sender, postDelete);
  return isSure || isDeleted(instance, options.transaction);
}

/** Has a deletion and its receivers succeed or fail together (D-147). */
function destroyInOneBlock(database: Database, destroy: Destroy): Destroy {
  return async function (...parameters) {
    const [options] = parameters;
    const model = modelOf(this);
    const isWatched = isAnyHeard(model, SIGNALS) || takesOthersAlong(database, model, options);
    if (options?.hooks === false || !isWatched) return destroy.apply(this, parameters);

    assertKey(this, 'destroyed');
    const origin = options?.[ORIGIN] ?? new Origin(this);
    const deletion = { model, origin, transaction: options?.transaction };
    return inBlockOfDeletion(database, deletion, (transaction) =>
      destroy.call(this, { ...options, transaction, [ORIGIN]: origin }),
    );
  };
}
