import { givenName } from '../base/index.js';
import type { Database } from '../sequelize/index.js';
import { assertFunction } from './assert-function.js';
import type { Atomic } from './atomic.js';

/**
 * Runs a function with its arguments once the current work is stored.
 *
 * In a block `callback(...parameters)` runs after the commit, in the order of registration among
 * the `onCommit` callbacks, in a transaction of its own; it is dropped with its block. Outside of
 * a block it runs at once, and its result is returned.
 *
 * @example
 * ```ts
 * import { atomic, defer } from 'sequelize-signals';
 *
 * async function indexOrder(id: number) {
 *   console.log(`index order ${id}`);
 * }
 *
 * await atomic(async () => {
 *   defer(indexOrder, 1);
 * });
 * ```
 * @throws {@link InvalidArgumentError} when `callback` is not a function.
 * @throws {@link TransactionManagementError} when the block has ended, or is being committed.
 */
export type Defer = <Parameters extends unknown[], Result>(
  callback: (...parameters: Parameters) => Result,
  ...parameters: Parameters
) => Result | undefined;

/** Makes `defer` for the database that `databaseOf` finds. */
export function makeDefer(databaseOf: () => Database, atomic: Atomic): Defer {
  return function defer(callback, ...parameters) {
    assertFunction(callback, 'defer');
    const { blocks } = databaseOf();
    const deferred = () => atomic(() => callback(...parameters));
    Object.defineProperty(deferred, 'name', { value: givenName(callback) });
    const queued = blocks.queue(deferred, { robust: false }, blocks.current());
    return queued ? undefined : callback(...parameters);
  };
}
