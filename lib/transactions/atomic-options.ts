import type { Transaction, TransactionOptions } from 'sequelize';
import { BOOLEAN, checkOptions, isObject, type OptionRules } from '../base/index.js';
import { misusedError } from '../blocks/index.js';
import { TRANSACTION, USING, type Using } from './registry.js';

/** Re-runs a block that lost against another transaction. */
export interface RetryOptions {
  /** How often the block is run again at most. */
  readonly times: number;
  /** Milliseconds to wait before a run, or a function of its number, which starts at 1. @defaultValue 0 */
  readonly delay?: number | ((attempt: number) => number) | undefined;
}

/** Options of `atomic`. */
export interface AtomicOptions {
  /** The database: its alias, or the Sequelize instance. @defaultValue 'default' */
  readonly using?: Using | undefined;
  /** Whether a nested block can be undone by itself. Without, its failure breaks the block around it. @defaultValue true */
  readonly savepoint?: boolean | undefined;
  /** Refuses to run inside another block, so that what it did is stored when it resolves. @defaultValue false */
  readonly durable?: boolean | undefined;
  /**
   * The transaction to nest in, instead of the current one; `null` for none. Inside a block of that
   * transaction it is that block which is nested in.
   */
  readonly transaction?: Transaction | null | undefined;
  /** Sequelize's isolation level. Outermost blocks only. */
  readonly isolationLevel?: TransactionOptions['isolationLevel'] | undefined;
  /** Begins a read-only transaction where Sequelize does. Outermost blocks only. */
  readonly readOnly?: boolean | undefined;
  /** SQLite's kind of transaction. Outermost blocks only; an explicit kind but `DEFERRED` begins at once. */
  readonly type?: TransactionOptions['type'] | undefined;
  /** When constraints are checked, on PostgreSQL. Outermost blocks only. */
  readonly deferrable?: TransactionOptions['deferrable'] | undefined;
  /** Re-runs the block after a serialization failure or a deadlock. Outermost blocks only. */
  readonly retry?: RetryOptions | undefined;
}

const TYPES = ['DEFERRED', 'IMMEDIATE', 'EXCLUSIVE'];

const RULES: OptionRules = {
  using: USING,
  savepoint: BOOLEAN,
  durable: BOOLEAN,
  transaction: TRANSACTION,
  isolationLevel: {
    accepts: (value) => typeof value === 'string',
    expected: 'an isolation level of Sequelize',
  },
  readOnly: BOOLEAN,
  type: {
    accepts: (value) => TYPES.includes(value as string),
    expected: TYPES.join(', ').replace(/, (?=\w+$)/, ' or '),
  },
  deferrable: {
    accepts: (value) => isObject(value) || typeof value === 'string',
    expected: 'a Deferrable of Sequelize',
  },
  retry: {
    accepts: isRetry,
    expected: '{ times, delay? }: a whole number, and milliseconds or a function',
  },
};

function isRetry(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { times, delay, ...others } = value as Partial<RetryOptions>;
  const isTimes = Number.isInteger(times) && (times as number) >= 0;
  const isDelay =
    delay === undefined || typeof delay === 'function' || (Number.isFinite(delay) && delay >= 0);
  return isTimes && isDelay && Object.keys(others).length === 0;
}

/** The rules of some options of `atomic`, for other calls that have them too. */
export function atomicRules(...names: (keyof AtomicOptions)[]): OptionRules {
  return Object.fromEntries(
    Object.entries(RULES).filter(([name]) => names.some((each) => each === name)),
  );
}

/** Throws when `options` are not options of `atomic`. */
export function assertAtomicOptions(options: unknown): asserts options is AtomicOptions {
  checkOptions('atomic()', options, RULES);
}

const OUTERMOST = ['isolationLevel', 'readOnly', 'type', 'deferrable'] as const;

/** What goes to Sequelize's transaction. */
export function transactionOptions(options: AtomicOptions): TransactionOptions {
  const chosen: Record<string, unknown> = {};
  for (const name of OUTERMOST) {
    if (options[name] !== undefined) chosen[name] = options[name];
  }
  return chosen;
}

/** Throws when `options` name something that a nested block cannot have. */
export function assertNestable(options: AtomicOptions): void {
  for (const name of [...OUTERMOST, 'retry'] as const) {
    if (options[name] === undefined) continue;
    throw misusedError(
      `The option "${name}" cannot apply to a block inside another one. Give it to the outermost block.`,
    );
  }
}
