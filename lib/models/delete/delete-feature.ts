import type { InstanceDestroyOptions, Model, ModelStatic } from 'sequelize';
import { type Database, isDeleted, modelOf, replaceMethod } from '../../sequelize/index.js';
import { inOneBlock } from '../../transactions/index.js';
import type { ModelFeature } from '../feature.js';
import { assertKey } from '../instances/assert-key.js';
import { withRollback } from '../instances/rollback.js';
import { isAnyHeard, isHeard } from '../listening.js';
import type { ModelSignal } from '../model-signal.js';
import { send } from '../send.js';
import { type DeleteBySender, postDelete, preDelete } from './delete-signals.js';
import { type FromOrigin, isSoft, ORIGIN, Origin } from './deletion-options.js';

/** The options of a deletion, as callers and hooks get them. */
interface Options extends InstanceDestroyOptions, FromOrigin {
  readonly individualHooks?: boolean | undefined;
}

type Destroy = (this: Model, ...parameters: [options?: Options]) => Promise<void>;

const SIGNALS = [preDelete, postDelete];

/** Sends `preDelete` and `postDelete`. */
export function deleteFeature(database: Database): ModelFeature {
  const sending =
    (signal: ModelSignal<DeleteBySender>) =>
    async (instance: Model, options: Options): Promise<void> => {
      // Sequelize runs the hooks of the rows that \`individualHooks\` asks for all the same.
      if (options.hooks === false) return;
      const sender = modelOf(instance);
      const origin = options[ORIGIN]?.value ?? instance;
      const payload = { instance, origin, soft: isSoft(sender, options) };
      await send(database, signal, sender, payload, options.transaction);
    };
  const before = sending(preDelete);
  const after = sending(postDelete);
  const afterDeletion = async (instance: Model, options: Options): Promise<void> => {
    if (await isDone(instance, options)) await after(instance, options);
  };
  return {
    hooks: {
      signals: SIGNALS,
      byType: { beforeDestroy: before, afterDestroy: afterDeletion },
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

/** Whether the row of a deletion is gone, or marked: rows of a call for many are looked after by that. */
async function isDone(instance: Model, options: Options): Promise<boolean> {
  const sender = modelOf(instance);
  const isSure = options.individualHooks || isSoft(sender, options) || !isHeard(sender, postDelete);
  return isSure || isDeleted(instance, options.transaction);
}

/** Has a deletion and its receivers succeed or fail together (D-147). */
function destroyInOneBlock(database: Database, destroy: Destroy): Destroy {
  return async function (...parameters) {
    const [options] = parameters;
    const isWatched = options?.hooks !== false && isAnyHeard(modelOf(this), SIGNALS);
    if (!isWatched) return destroy.apply(this, parameters);

    assertKey(this, 'destroyed');
    const origin = options?.[ORIGIN] ?? new Origin(this);
    return inOneBlock(database, options?.transaction, (transaction) =>
      destroy.call(this, { ...options, transaction, [ORIGIN]: origin }),
    );
  };
}
