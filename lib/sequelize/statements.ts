import type { QueryOptions, Sequelize } from 'sequelize';
import { dialectOf } from './dialects.js';
import {
  type DriverConnection,
  hasQueryHooks,
  internalsOf,
  type OpenTransaction,
  transactionClassOf,
} from './internals.js';

/**
 * Marks the options of the statements that begin, end or divide a transaction, which no block may
 * hold back. Not a symbol: Sequelize copies options a dozen times, and symbols slowly.
 */
export const CONTROL = 'sequelize-signals.control';

/** A transaction of `sequelize` that has not begun, and stands for no block. */
export function newTransaction(sequelize: Sequelize): OpenTransaction {
  return new (transactionClassOf(sequelize))(sequelize, { [CONTROL]: true });
}

/** Takes a connection from the pool for `transaction`. */
export function acquire(transaction: OpenTransaction): Promise<DriverConnection> {
  return internalsOf(transaction.sequelize).connectionManager.getConnection({
    uuid: transaction.id,
    ...(transaction.options.readOnly && { type: 'SELECT' }),
  });
}

/**
 * Begins `transaction` on `connection`; a connection that cannot begin is closed.
 *
 * @param savepoint - is set in the same round trip, where the transaction begins with one.
 */
export async function begin(
  transaction: OpenTransaction,
  connection: DriverConnection,
  savepoint?: string,
): Promise<void> {
  transaction.connection = connection;
  connection.uuid = transaction.id;
  try {
    await sendBegin(transaction, savepoint);
    if (transaction.options.deferrable) await transaction.setDeferrable();
  } catch (error) {
    await discard(transaction);
    throw error;
  }
}

/** Whether the first savepoint may come with BEGIN: what is said of constraints must come before it. */
export function beginsWithSavepoint({ options }: OpenTransaction): boolean {
  return !options.deferrable;
}

function sendBegin(transaction: OpenTransaction, savepoint?: string): Promise<unknown> {
  const { sequelize } = transaction;
  const { isolationLevel } = transaction.options;
  const joins = joinsStatements(transaction);
  // Sequelize knows where each dialect wants its isolation level.
  if (isolationLevel && !joins) return transaction.begin();
  if (!dialectOf(sequelize).beginsByStatement) return transaction.begin();

  const { queryGenerator } = internalsOf(sequelize).dialect;
  return sendControl(
    transaction,
    [
      queryGenerator.startTransactionQuery(transaction),
      isolationLevel ? queryGenerator.setIsolationLevelQuery(isolationLevel, {}) : '',
      savepoint ? setSql(transaction, savepoint) : '',
    ].join(''),
  );
}

/**
 * Whether a control statement may be sent together with one of another level: the server has to take
 * it, and a hook or a logging function may want to see each of them by itself.
 */
export function joinsStatements(
  { sequelize, options }: OpenTransaction,
  level: LevelOptions = options,
): boolean {
  if (!dialectOf(sequelize).takesSeveralStatements || hasQueryHooks(sequelize)) return false;
  return LEVEL_OPTIONS.every((name) => level[name] === options[name]);
}

/**
 * Commits, and gives the connection back.
 *
 * @returns whether the server really committed: PostgreSQL answers the COMMIT of a transaction
 * in which a statement failed with ROLLBACK, and no error (sequelize#11729).
 * @throws what COMMIT threw; the transaction has been rolled back then.
 */
export async function commit(transaction: OpenTransaction): Promise<boolean> {
  const { queryGenerator } = internalsOf(transaction.sequelize).dialect;
  let answer: unknown;
  try {
    answer = await sendControl(transaction, queryGenerator.commitTransactionQuery(transaction));
  } catch (error) {
    // A COMMIT that failed may leave the transaction open, as a deferred foreign key does on SQLite (D-219).
    await rollback(transaction).catch(() => {});
    throw error;
  }
  transaction.cleanup();
  return commandTag(answer) !== 'ROLLBACK';
}

function commandTag(answer: unknown): unknown {
  const metadata = Array.isArray(answer) ? answer[1] : undefined;
  return (metadata as { command?: unknown } | undefined)?.command;
}

/** Rolls back, and gives the connection back; one that cannot roll back is closed. */
export async function rollback(transaction: OpenTransaction): Promise<void> {
  try {
    await sendRollback(transaction);
  } catch (error) {
    await discard(transaction);
    throw error;
  }
  transaction.cleanup();
}

async function sendRollback(transaction: OpenTransaction): Promise<void> {
  const queries = internalsOf(transaction.sequelize).getQueryInterface();
  await queries.rollbackTransaction(transaction, transaction.options);
}

/** Closes the connection of a transaction whose state nobody knows; the server rolls it back. */
async function discard(transaction: OpenTransaction): Promise<void> {
  // Without a pool, giving the connection back closes it, but for one in memory, which holds the
  // database itself and must not stay in the transaction.
  if (!dialectOf(transaction.sequelize).hasPool) {
    await sendRollback(transaction).catch(() => {});
    return transaction.cleanup();
  }
  // A connection that is already dead cannot be closed in good order; the pool has let it go all the same.
  await transaction.forceCleanup().catch(() => {});
}

/** The options of a control statement, those included that only Sequelize itself uses. */
interface ControlOptions extends QueryOptions {
  readonly [CONTROL]: true;
  readonly supportsSearchPath: false;
  readonly completesTransaction: true;
}

const LEVEL_OPTIONS = ['logging', 'benchmark', 'retry'] as const;

/** What a level of a transaction says of its own statements. */
export type LevelOptions = Pick<OpenTransaction['options'], (typeof LEVEL_OPTIONS)[number]>;

/**
 * Sends one statement on the connection of `transaction`, past every check of a block. Resolves to
 * what a raw query does: the rows, and what the driver says of them; with `SELECT` to the rows.
 */
export function sendControl(
  transaction: OpenTransaction,
  sql: string,
  { logging, benchmark, retry }: LevelOptions = transaction.options,
  type: 'RAW' | 'SELECT' = 'RAW',
): Promise<[unknown, unknown]> {
  // All have these keys in this order, and no more than a dozen: Sequelize copies options again and
  // again, and reads many of them from each copy. It would hand on those of the transaction, whose
  // `type` is another thing and drops the command tag.
  const options: ControlOptions = {
    type,
    raw: true,
    transaction,
    supportsSearchPath: false,
    completesTransaction: true,
    [CONTROL]: true,
  };
  if (logging !== undefined) options.logging = logging;
  if (benchmark !== undefined) options.benchmark = benchmark;
  if (retry !== undefined) options.retry = retry;
  return transaction.sequelize.query(sql, options) as Promise<[unknown, unknown]>;
}

/**
 * Sets a savepoint in the transaction `root`.
 *
 * @param level - the options of the level whose savepoint it is.
 */
export function setSavepoint(
  root: OpenTransaction,
  name: string,
  level?: LevelOptions,
): Promise<unknown> {
  return sendControl(root, setSql(root, name), level);
}

/** Forgets a savepoint and keeps what came after it. Sequelize 6 never does. */
export function releaseSavepoint(
  root: OpenTransaction,
  name: string,
  level?: LevelOptions,
): Promise<unknown> {
  if (!dialectOf(root.sequelize).releasesSavepoints) return Promise.resolve();
  return sendControl(root, releaseSql(root, name), level);
}

/** Undoes what came after a savepoint; the savepoint itself stays, until it is released. */
export function rollbackToSavepoint(
  root: OpenTransaction,
  name: string,
  level?: LevelOptions,
): Promise<unknown> {
  return sendControl(root, rollbackSql(root, name), level);
}

/** Forgets one savepoint, and sets another one. */
export function replaceSavepoint(
  root: OpenTransaction,
  released: string,
  name: string,
): Promise<unknown> {
  return sendControl(root, releaseSql(root, released) + setSql(root, name));
}

/** Undoes what came after a savepoint, and forgets it. */
export function dropSavepoint(root: OpenTransaction, name: string): Promise<unknown> {
  return sendControl(root, rollbackSql(root, name) + releaseSql(root, name));
}

function setSql(root: OpenTransaction, name: string): string {
  return generatorOf(root).startTransactionQuery({ parent: root, name });
}

function releaseSql(root: OpenTransaction, name: string): string {
  return `RELEASE SAVEPOINT ${generatorOf(root).quoteIdentifier(name, true)};`;
}

function rollbackSql(root: OpenTransaction, name: string): string {
  return generatorOf(root).rollbackTransactionQuery({ parent: root, name });
}

function generatorOf({ sequelize }: OpenTransaction) {
  return internalsOf(sequelize).dialect.queryGenerator;
}
