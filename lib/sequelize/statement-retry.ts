import type { Sequelize } from 'sequelize';
import { obtain } from '../base/index.js';
import { internalsOf, type StatementRetry } from './internals.js';

/** Options of `retry` that change nothing in a transaction, as those that Sequelize has by itself. */
const harmless = new WeakMap<StatementRetry, boolean>();

/** What Sequelize repeats by itself: SQLite refused a statement, which has done nothing then. */
const LOCKED = 'SQLITE_BUSY: database is locked';

function isHarmless({ max, match, timeout }: StatementRetry): boolean {
  if (timeout) return false;
  if (!(max > 1) || match === LOCKED) return true;
  return Array.isArray(match) && match.length > 0 && match.every((each) => each === LOCKED);
}

/**
 * The option `retry` of a statement in a transaction, by which Sequelize sends a failed one again
 * only if `mayBeSentAgain`. Undefined where Sequelize's own options can do no harm.
 *
 * @param own - the option that came with the statement.
 */
export function retryInTransaction(
  sequelize: Sequelize,
  own: StatementRetry | undefined,
  mayBeSentAgain: (error: unknown) => boolean,
): StatementRetry | undefined {
  const { retry: common } = internalsOf(sequelize).options;
  if (own === undefined && (common === undefined || obtain(harmless, common, isHarmless)))
    return undefined;

  const retry: StatementRetry = { max: 0, ...common, ...own };
  // A model passes on a copy of what its Sequelize has.
  if (isHarmless(retry)) return undefined;
  return {
    ...retry,
    // It is asked before the next try, with the options that decide on that.
    report(message, options, error) {
      if (error !== undefined && !mayBeSentAgain(error)) options.max = 0;
      retry.report?.(message, options, error);
    },
  };
}
