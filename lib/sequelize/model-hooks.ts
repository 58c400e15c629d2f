import type { Model, ModelStatic } from 'sequelize';
import { modelOf } from './models.js';
import { replaceMethod } from './replace-method.js';

/** Something that is done where Sequelize runs the hooks of a type. */
export interface AddedHook {
  /** Whether it runs before the hooks of the application; others run after them. */
  readonly runsFirst: boolean;
  /** Whether it may have something to do. Each hook of each call asks, so this has to be cheap. */
  isNeeded(): boolean;
  /** Gets what Sequelize's hooks of the type get. */
  run(...parameters: unknown[]): unknown;
}

/** Hooks by the types of Sequelize's. Those of one type run in their order. */
export type AddedHooks = ReadonlyMap<string, readonly AddedHook[]>;

type RunHooks = (this: ModelStatic<Model>, ...call: HookCall) => Promise<void>;
type HookCall = [type: string, ...parameters: unknown[]];

/**
 * Has `model` run hooks after those of the application, or before them, whichever were added first.
 * Added to Sequelize they would cost each save two promises more, also while nobody needs them.
 * Returns the undo.
 */
export function runAddedHooks(model: ModelStatic<Model>, hooks: AddedHooks): () => void {
  return replaceMethod(
    model as unknown as { readonly runHooks: RunHooks },
    'runHooks',
    (original): RunHooks =>
      function (...call) {
        const added = hooks.get(call[0]);
        if (!added?.some((hook) => hook.isNeeded()) || !isOfCall(this, call)) {
          return original.apply(this, call);
        }

        const run = async () => {
          for (const hook of added) if (hook.runsFirst) await runIfNeeded(hook, call);
          await original.apply(this, call);
          for (const hook of added) {
            const done = hook.runsFirst ? undefined : runIfNeeded(hook, call);
            if (done !== undefined) await done;
          }
        };
        return run();
      },
  );
}

function runIfNeeded(hook: AddedHook, [, ...parameters]: HookCall): unknown {
  return hook.isNeeded() ? hook.run(...parameters) : undefined;
}

/** The types of the hooks that get the options of a call and nothing else. */
const OPTIONS_ALONE = /^(before|after)Bulk(Destroy|Restore|Update)$|^before(Find|Count)/;

/** The types of the hooks that find their model in the options. */
const WITH_MODEL = /Bulk|Upsert$/;

/**
 * Whether hooks are run for a call, and get its options. Who runs them by hand may leave the options
 * out: there is no call then that an added hook could be about.
 */
function isOfCall(model: ModelStatic<Model>, [type, ...parameters]: Readonly<HookCall>): boolean {
  const options = parameters[OPTIONS_ALONE.test(type) ? 0 : 1];
  if (typeof options !== 'object' || options === null || options instanceof model) return false;
  return !WITH_MODEL.test(type) || 'model' in options;
}

/** Whether the application has hooks of these types, on the model or on all of them. */
export function hasHooks(
  model: ModelStatic<Model>,
  types: readonly (RowHookType | 'beforeBulkDestroy')[],
): boolean {
  const all = model.sequelize as unknown as typeof model;
  return types.some((type) => model.hasHook(type) || all.hasHook(type));
}

/** Hooks that Sequelize runs for single rows. */
type RowHookType = 'beforeDestroy' | 'afterDestroy';

/** Runs the hooks of one type for a row: those of the application, and ours. */
export async function runRowHooks(type: RowHookType, row: Model, options: object): Promise<void> {
  const model = modelOf(row) as unknown as {
    runHooks(type: string, ...parameters: unknown[]): Promise<void>;
  };
  await model.runHooks(type, row, options);
}
