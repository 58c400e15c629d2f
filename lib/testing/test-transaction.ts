import { checkOptions, type OptionRules, TransactionManagementError } from '../base/index.js';
import { databaseFor, USING, type Using } from '../transactions/index.js';
import { TestLevel } from './test-level.js';

/** Options of `testTransaction`. */
export interface TestTransactionOptions {
  /** The database: its alias, or the Sequelize instance. @defaultValue 'default' */
  readonly using?: Using | undefined;
  /**
   * What becomes of `onCommit` callbacks: `'run'` runs them at the end of their outermost block, as
   * in production; `'hold'` never does, as Django's `TestCase`: `captureOnCommitCallbacks` gets them.
   *
   * @defaultValue 'run'
   */
  readonly onCommit?: 'run' | 'hold' | undefined;
}

/** The functions of a test runner that run something before and after each test, or each suite. */
export interface TestHooks {
  /** Registers what runs before. */
  readonly beforeEach: (hook: () => Promise<void>) => unknown;
  /** Registers what runs after. */
  readonly afterEach: (hook: () => Promise<void>) => unknown;
}

/** Puts tests into transactions that are rolled back. */
export interface TestTransaction {
  /** Begins a transaction, inside the one of this database that is open already if there is one. */
  begin(): Promise<void>;
  /**
   * Undoes all that happened since the last `begin()` of this object. Blocks that are still open
   * end then.
   *
   * @throws {@link TransactionManagementError} when there was no `begin()`, or when something in the
   * test ended the transaction, so that not everything could be undone.
   */
  rollback(): Promise<void>;
}

const RULES: OptionRules = {
  using: USING,
  onCommit: {
    accepts: (value) => value === 'run' || value === 'hold',
    expected: "'run' or 'hold'",
  },
};

/** {@inheritDoc testTransaction} */
export interface TestTransactionFunction {
  (options?: TestTransactionOptions): TestTransaction;
  /**
   * Puts every test of a suite into a transaction of its own. Suites inside it may call this as
   * well: theirs begins inside the one of the outer suite. With the runner's `before` and `after`
   * in place of `beforeEach` and `afterEach` it is one transaction for the suite, around what the
   * tests begin.
   */
  hooks(hooks: TestHooks, options?: TestTransactionOptions): void;
}

/**
 * Runs tests inside a transaction that is rolled back, as Django's `TestCase`: nothing that a test
 * writes stays in the database.
 *
 * @remarks
 * It is for the whole process, whatever the runner does with asynchronous context: from `begin()`
 * to `rollback()` all work of the database is on one connection. Application code cannot tell. An
 * `atomic()` or `sequelize.transaction()` of its own is outermost: it may be `durable`, its
 * callbacks run at its end, and `inAtomicBlock()` is false around it.
 *
 * What would use several connections takes turns, so tests of one database cannot run side by side
 * in one process, and two transactions that wait for each other never end; after a second a
 * warning names both. What runs by `transaction.outside()` inside a block is undone with the block.
 * Options of a transaction, such as its isolation level, have no effect.
 *
 * @example
 * ```ts
 * import { testTransaction } from 'sequelize-signals/testing';
 *
 * const test = testTransaction({ using: 'default' });
 *
 * async function inTransaction(body: () => Promise<void>) {
 *   await test.begin();
 *   try {
 *     await body();
 *   } finally {
 *     await test.rollback();
 *   }
 * }
 * ```
 * @throws {@link InvalidArgumentError} when an option is unknown or of the wrong kind.
 */
export const testTransaction: TestTransactionFunction = Object.assign(
  (options?: TestTransactionOptions): TestTransaction => new Levels(options),
  {
    hooks({ beforeEach, afterEach }: TestHooks, options?: TestTransactionOptions): void {
      const levels = new Levels(options);
      beforeEach(() => levels.begin());
      // Runners call this also when the hook above has failed, which is enough to report.
      afterEach(() => (levels.begun ? levels.rollback() : Promise.resolve()));
    },
  },
);

/** What one `testTransaction()` has begun. */
class Levels implements TestTransaction {
  readonly #using: Using | undefined;
  readonly #holdsCallbacks: boolean;
  readonly #open: TestLevel[] = [];

  constructor(options: TestTransactionOptions = {}) {
    checkOptions('testTransaction()', options, RULES);
    this.#using = options.using;
    this.#holdsCallbacks = options.onCommit === 'hold';
  }

  get begun(): boolean {
    return this.#open.length > 0;
  }

  async begin(): Promise<void> {
    this.#open.push(await TestLevel.open(databaseFor(this.#using), this.#holdsCallbacks));
  }

  async rollback(): Promise<void> {
    const level = this.#open.pop();
    if (level) return await level.rollback();
    throw new TransactionManagementError(
      'SIGNALS_TRANSACTION_MISUSED',
      'rollback() of a test transaction was called without begin(). Call begin() before each test, and rollback() after it.',
    );
  }
}
