import type { Model, ModelStatic } from 'sequelize';
import { obtain } from '../base/index.js';
import { replaceMethod } from './replace-method.js';
import { RowQueue } from './row-queue.js';

/** Something that is done where Sequelize runs the hooks of a type, after those of the application. */
export interface AddedHook {
  /** Whether it may have something to do. Each hook of each call asks, so this has to be cheap. */
  isNeeded(): boolean;
  /** Whether it wants to be told of the rows of one call one after another, for this model. */
  takesTurns(model: ModelStatic<Model>): boolean;
  /** Gets what Sequelize's hooks of the type get. */
  run(...parameters: unknown[]): unknown;
}

/** Hooks by the types of Sequelize's. Those of one type run in their order. */
export type AddedHooks = ReadonlyMap<string, readonly AddedHook[]>;

type RunHooks = (this: ModelStatic<Model>, ...call: HookCall) => Promise<void>;
type HookCall = [type: string, ...parameters: unknown[]];

/**
 * Has `model` run hooks after those of the application, whichever were added first. Added to
 * Sequelize they would cost each save two promises more, also while nobody needs them. Returns the
 * undo.
 */
export function runAfterHooks(model: ModelStatic<Model>, hooks: AddedHooks): () => void {
  return replaceMethod(
    model as unknown as { readonly runHooks: RunHooks },
    'runHooks',
    (original): RunHooks =>
      function (...call) {
        const added = hooks.get(call[0]);
        if (!added?.some((hook) => hook.isNeeded())) return original.apply(this, call);

        const run = async () => {
          await original.apply(this, call);
          for (const hook of added) {
            if (!hook.isNeeded()) continue;

            const done = hook.run(...call.slice(1));
            if (done !== undefined) await done;
          }
        };
        const rows = rowsOfCall(call);
        return rows && added.some((hook) => hook.takesTurns(this))
          ? obtain(queues, rows, () => new RowQueue()).inTurn(run)
          : run();
      },
  );
}

/** The types of the hooks that Sequelize runs for each row of a call for many. */
const ROW_HOOKS: ReadonlySet<string> = new Set([
  'beforeUpdate',
  'afterUpdate',
  'beforeDestroy',
  'afterDestroy',
]);

const queues = new WeakMap<object, RowQueue>();

/**
 * What the rows of a call for many have in common, where `individualHooks` asks for the hooks of
 * each: Sequelize hands one and the same options to all of them.
 */
function rowsOfCall([type, , options]: Readonly<HookCall>): object | undefined {
  if (!ROW_HOOKS.has(type) || typeof options !== 'object' || options === null) return undefined;
  return 'individualHooks' in options && options.individualHooks ? options : undefined;
}
