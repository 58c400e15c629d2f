import type { Transaction } from 'sequelize';
import { BOOLEAN, checkOptions, type OptionRules } from '../base/index.js';
import { logFailedCallback } from '../blocks/index.js';
import type { Database } from '../sequelize/index.js';
import { assertFunction } from './assert-function.js';
import { TRANSACTION, USING, type Using } from './registry.js';

/** Options of `onCommit`. */
export interface OnCommitOptions {
  /** The database: its alias, or the Sequelize instance. @defaultValue 'default' */
  readonly using?: Using | undefined;
  /** Logs an error of the callback instead of throwing it, so that later callbacks run. @defaultValue false */
  readonly robust?: boolean | undefined;
  /**
   * The transaction to wait for, instead of the current one. Inside a block of that transaction the
   * callback belongs to that block, and is dropped with it.
   */
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
 * @throws {@link InvalidArgumentError} at the call when `callback` is not a function, or an option
 * is unknown or of the wrong kind.
 * @throws {@link TransactionManagementError} when the block has ended, or is being committed.
 */
export type OnCommit = (callback: () => unknown, options?: OnCommitOptions) => Promise<void>;

const RULES: OptionRules = { using: USING, robust: BOOLEAN, transaction: TRANSACTION };

/** Makes `onCommit` for the databases that `databaseOf` finds. */
export function makeOnCommit(databaseOf: (options: OnCommitOptions) => Database): OnCommit {
  return function onCommit(callback, options) {
    assertFunction(callback, 'onCommit');
    if (options !== undefined) checkOptions('onCommit()', options, RULES);
    return registerOrRun(databaseOf, callback, options ?? {});
  };
}

async function registerOrRun(
  databaseOf: (options: OnCommitOptions) => Database,
  callback: () => unknown,
  options: OnCommitOptions,
): Promise<void> {
  const { robust = false, transaction } = options;
  const database = databaseOf(options);
  if (database.blocks.queue(callback, { robust }, database.blockFor(transaction))) return;
  try {
    await callback();
  } catch (error) {
    if (!robust) throw error;
    logFailedCallback(callback, 'outside of a transaction', error);
  }
}
