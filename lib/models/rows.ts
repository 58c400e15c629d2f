import type { Model, ModelStatic } from 'sequelize';
import { modelItself } from './defined-models.js';
import type { Heard } from './family.js';
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

/** The types of the hooks that Sequelize runs for the rows of a call for many. */
const ROW_HOOKS: ReadonlySet<unknown> = new Set([
  'beforeUpdate',
  'afterUpdate',
  'beforeDestroy',
  'afterDestroy',
]);

/** Sequelize hands one and the same options to the hooks of all rows of a call. */
const rowsOf = new WeakMap<object, Rows>();

/**
 * The rows of the call that hooks are run for, where `individualHooks` asks for those of each row and
 * somebody listens to `signals`. Sequelize runs the hooks of all rows side by side, but receivers
 * share one connection, and their order means something (J-21).
 */
export function rowsOfCall(
  model: ModelStatic<Model>,
  [type, , options]: readonly unknown[],
  signals: readonly Heard[],
): Rows | undefined {
  if (!ROW_HOOKS.has(type) || typeof options !== 'object' || options === null) return undefined;
  if (!('individualHooks' in options) || !options.individualHooks) return undefined;

  const sender = modelItself(model);
  return signals.some((signal) => isHeard(sender, signal)) ? rowsWith(options) : undefined;
}

function rowsWith(options: object): Rows {
  const rows = rowsOf.get(options) ?? new Rows();
  rowsOf.set(options, rows);
  return rows;
}
