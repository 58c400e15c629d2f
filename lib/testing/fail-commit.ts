import { checkOptions, type OptionRules } from '../base/index.js';
import type { CommitFault } from '../blocks/for-testing.js';
import { databaseFor, USING, type Using } from '../transactions/index.js';

/** Options of `falseCommit`. */
export interface FalseCommitOptions {
  /** The database: its alias, or the Sequelize instance. @defaultValue 'default' */
  readonly using?: Using | undefined;
}

/** Options of `failCommit`. */
export interface FailCommitOptions extends FalseCommitOptions {
  /** What the COMMIT throws. */
  readonly error?: Error | undefined;
}

/** A commit that is to go wrong. Disposing of it takes the wish back, if it has not happened yet. */
export interface InjectedFault extends Disposable {
  /** Whether the commit has come and gone wrong. */
  readonly happened: boolean;
}

/**
 * Makes the next COMMIT of a database fail: the work is rolled back, and the outermost `atomic()`
 * or the `commit()` rejects with `error`. It is for the whole process. Several calls are for as
 * many commits. A block without a query has no COMMIT, and is not affected.
 *
 * @example
 * ```ts
 * import { failCommit } from 'sequelize-signals/testing';
 *
 * const fault = failCommit({ error: new Error('disk full') });
 * // … what the application does then
 * fault[Symbol.dispose]();
 * ```
 * @throws {@link InvalidArgumentError} when an option is unknown or of the wrong kind.
 * @throws {@link NotInstalledError} when `using` names no installed database.
 */
export function failCommit(options: FailCommitOptions = {}): InjectedFault {
  checkOptions('failCommit()', options, FAIL_RULES);
  const { using, error = new Error('COMMIT failed, as failCommit() asked.') } = options;
  return inject(using, async (transaction) => {
    await transaction.rollback();
    throw error;
  });
}

/**
 * Makes the next COMMIT of a database end as a ROLLBACK without an error of the server, as
 * PostgreSQL does after a statement that failed: the outermost `atomic()` rejects with a
 * {@link RolledBackError}. Otherwise as `failCommit`.
 *
 * @throws {@link InvalidArgumentError} when an option is unknown or of the wrong kind.
 * @throws {@link NotInstalledError} when `using` names no installed database.
 */
export function falseCommit(options: FalseCommitOptions = {}): InjectedFault {
  checkOptions('falseCommit()', options, FALSE_RULES);
  return inject(options.using, async (transaction) => {
    await transaction.rollback();
    return false;
  });
}

const FALSE_RULES: OptionRules = { using: USING };

const FAIL_RULES: OptionRules = {
  ...FALSE_RULES,
  error: { accepts: (value) => value instanceof Error, expected: 'an Error' },
};

function inject(using: Using | undefined, fault: CommitFault): InjectedFault {
  let happened = false;
  const takeBack = databaseFor(using).blocks.seam.failNextCommit((transaction) => {
    happened = true;
    return fault(transaction);
  });
  return {
    get happened() {
      return happened;
    },
    [Symbol.dispose]: takeBack,
  };
}
