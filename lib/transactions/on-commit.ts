import type { Transaction } from 'sequelize';
import { InvalidArgumentError } from '../base/index.js';
import { logFailedCallback } from './callbacks.js';
import type { Database } from './database.js';
import type { Using } from './registry.js';

/** Options of `onCommit`. */
export interface OnCommitOptions {
  /** The database: its alias, or the Sequelize instance. @defaultValue 'default' */
  readonly using?: Using | undefined;
  /** Logs an error of the callback instead of throwing it, so that later callbacks run. @defaultValue false */
  readonly robust?: boolean | undefined;
  /** The transaction to wait for, instead of the current one. */
  readonly transaction?: Transaction | undefined;
}

/**
 * Runs a function when, and only when, what the block has done so far is stored.
 *
 * In a block the callback is queued: it runs after the COMMIT of the outermost block, in the order
 * of registration across all levels, once for each registration, and is dropped when its block or
 * one around it is rolled back. It runs after the connection went back to the pool, outside of any
 * transaction, and is awaited before `atomic()` resolves. An error of it reaches the caller of the
 * outermost `atomic()` and drops the callbacks after it, unless it is `robust`; the data stays.
 *
 * Outside of a block it runs at once, and its promise is returned.
 *
 * @example
 * ```ts
 * import { atomic, onCommit } from 'sequelize-signals';
 *
 * await atomic(async () => {
 *   await onCommit(() => console.log('stored'));
 *   await onCommit(() => Promise.reject(new Error('logged')), { robust: true });
 * });
 * ```
 * @throws {@link InvalidArgumentError} at the call when `callback` is not a function.
 * @throws {@link TransactionManagementError} when the block has ended, or is being committed.
 */
export type OnCommit = (callback: () => unknown, options?: OnCommitOptions) => Promise<void>;

/** Makes `onCommit` for the databases that `databaseOf` finds. */
export function makeOnCommit(databaseOf: (options: OnCommitOptions) => Database): OnCommit {
  return function onCommit(callback, options = {}) {
    assertCallback(callback, 'onCommit');
    if (typeof options !== 'object' || options === null) {
      throw new InvalidArgumentError('The options of onCommit() must be an object.');
    }
    return registerOrRun(databaseOf, callback, options);
  };
}

export function assertCallback(callback: unknown, name: string): void {
  if (typeof callback === 'function') return;
  throw new InvalidArgumentError(
    `${name}() needs a function, and got ${callback === null ? 'null' : typeof callback}.`,
  );
}

async function registerOrRun(
  databaseOf: (options: OnCommitOptions) => Database,
  callback: () => unknown,
  options: OnCommitOptions,
): Promise<void> {
  const { robust = false, transaction } = options;
  const database = databaseOf(options);
  if (database.queue(callback, robust, database.blockFor(transaction))) return;
  try {
    await callback();
  } catch (error) {
    if (!robust) throw error;
    logFailedCallback(callback, 'outside of a transaction', error);
  }
}
