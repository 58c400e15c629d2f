import type { Model, ModelStatic } from 'sequelize';
import { replaceMethod } from '../transactions/index.js';
import { modelItself } from './defined-models.js';
import type { Family } from './family.js';
import { postDelete, postSave, preDelete, preSave } from './model-signals.js';
import { isHeard } from './send.js';

/** Lets the rows of one call be dealt with one after another, and none after one that failed. */
export class Rows {
  #last: Promise<unknown> = Promise.resolve();

  inTurn<Result>(row: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(row);
    this.#last = turn;
    return turn;
  }
}

type RunHooks = (this: ModelStatic<Model>, ...call: HookCall) => Promise<void>;
type HookCall = [type: unknown, instance?: unknown, options?: unknown, ...rest: unknown[]];

const ROW_HOOKS: Readonly<Record<string, readonly { hasConnections(sender: unknown): boolean }[]>> =
  {
    beforeUpdate: [preSave, postSave],
    afterUpdate: [preSave, postSave],
    beforeDestroy: [preDelete, postDelete],
    afterDestroy: [preDelete, postDelete],
  };

/** Sequelize hands one and the same options to the hooks of all rows of a call. */
const rowsOf = new WeakMap<object, Rows>();

/**
 * Has the hooks that `individualHooks` asks for run row by row while somebody listens. Sequelize
 * runs those of all rows side by side, but receivers share one connection, and their order means
 * something (J-21).
 */
export function rowFamily(): Family {
  return {
    replaceMethods: (model) => [
      replaceMethod(
        model as unknown as { readonly runHooks: RunHooks },
        'runHooks',
        (original): RunHooks =>
          function (...call) {
            const [type, , options] = call;
            const rows = isForRow(this, type, options) ? rowsOfCall(options) : undefined;
            return rows
              ? rows.inTurn(() => original.apply(this, call))
              : original.apply(this, call);
          },
      ),
    ],
  };
}

function isForRow(model: ModelStatic<Model>, type: unknown, options: unknown): options is object {
  const signals = typeof type === 'string' ? ROW_HOOKS[type] : undefined;
  if (signals === undefined || typeof options !== 'object' || options === null) return false;
  if (!('individualHooks' in options) || !options.individualHooks) return false;

  const sender = modelItself(model);
  return signals.some((signal) => isHeard(sender, signal));
}

function rowsOfCall(options: object): Rows {
  const rows = rowsOf.get(options) ?? new Rows();
  rowsOf.set(options, rows);
  return rows;
}
