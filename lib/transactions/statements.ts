import type { QueryOptions, Sequelize, Transaction } from 'sequelize';

/**
 * Marks the options of the statements that begin, end or divide a transaction, which no block may
 * hold back. Not a symbol: Sequelize copies options a dozen times, and symbols slowly.
 */
export const CONTROL = 'sequelize-signals.control';

/** A connection of a driver, as Sequelize's pool hands it out. */
export interface DriverConnection {
  uuid?: string | undefined;
}

/** What Sequelize 6 has and its declarations leave out. */
interface Internals {
  readonly connectionManager: {
    getConnection(options: { uuid: string; type?: 'SELECT' }): Promise<DriverConnection>;
  };
  readonly dialect: {
    readonly queryGenerator: {
      startTransactionQuery(level: OpenTransaction | { parent: object; name: string }): string;
      commitTransactionQuery(transaction: OpenTransaction): string;
      rollbackTransactionQuery(level: { parent: object; name: string }): string;
      quoteIdentifier(name: string, force: boolean): string;
    };
  };
  getQueryInterface(): {
    rollbackTransaction(transaction: Transaction, options: object): Promise<unknown>;
  };
}

/** A `Transaction` with the members that its declaration leaves out. */
export type OpenTransaction = Transaction & {
  connection?: DriverConnection | undefined;
  finished?: 'commit' | 'rollback' | undefined;
  readonly sequelize: Sequelize;
  readonly id: string;
  name: string;
  readonly savepoints: object[];
  readonly options: {
    readonly readOnly?: boolean;
    readonly deferrable?: unknown;
    readonly isolationLevel?: unknown;
    readonly logging?: QueryOptions['logging'];
    readonly benchmark?: QueryOptions['benchmark'];
  };
  begin(): Promise<unknown>;
  setDeferrable(): Promise<unknown>;
  cleanup(): void;
  forceCleanup(): Promise<void>;
};

/** A transaction of `sequelize` that has not begun. */
export function newTransaction(sequelize: Sequelize): OpenTransaction {
  const { Transaction: Class } = sequelize.constructor as unknown as {
    Transaction: new (sequelize: Sequelize, options: object) => OpenTransaction;
  };
  return new Class(sequelize, { [CONTROL]: true });
}

/** Sequelize's dialects that roll back the transaction of a query that met a deadlock. */
const ENDING_DIALECTS: ReadonlySet<string> = new Set(['mysql', 'mariadb', 'snowflake']);

/**
 * What queries name in the place of `transaction`, which has begun. Some dialects would roll it
 * back after a deadlock and give its connection away: they get a copy, on which that is harmless,
 * since its owner does it in its own time.
 */
export function carrierOf(transaction: OpenTransaction): OpenTransaction {
  if (!ENDING_DIALECTS.has(transaction.sequelize.getDialect())) return transaction;

  // Not an object that inherits from it: one prototype for each makes all use of transactions slow.
  const copy: OpenTransaction = Object.create(Object.getPrototypeOf(transaction));
  return Object.assign(copy, transaction, { rollback: async () => {} });
}

function internalsOf(sequelize: Sequelize): Internals {
  return sequelize as unknown as Internals;
}

/** Takes a connection from the pool for `transaction`. */
export function acquire(
  sequelize: Sequelize,
  transaction: OpenTransaction,
): Promise<DriverConnection> {
  return internalsOf(sequelize).connectionManager.getConnection({
    uuid: transaction.id,
    ...(transaction.options.readOnly && { type: 'SELECT' }),
  });
}

/** Begins `transaction` on `connection`; a connection that cannot begin is closed. */
export async function begin(
  transaction: OpenTransaction,
  connection: DriverConnection,
): Promise<void> {
  transaction.connection = connection;
  connection.uuid = transaction.id;
  try {
    await sendBegin(transaction);
    if (transaction.options.deferrable) await transaction.setDeferrable();
  } catch (error) {
    await discard(transaction);
    throw error;
  }
}

/** Dialects that begin a transaction with a statement, and not with a call of the driver. */
const BEGUN_BY_STATEMENT: ReadonlySet<string> = new Set(['postgres', 'mysql', 'mariadb', 'sqlite']);

function sendBegin(transaction: OpenTransaction): Promise<unknown> {
  const { sequelize } = transaction;
  // Sequelize knows where each dialect wants its isolation level.
  if (transaction.options.isolationLevel) return transaction.begin();
  if (!BEGUN_BY_STATEMENT.has(sequelize.getDialect())) return transaction.begin();

  const { queryGenerator } = internalsOf(sequelize).dialect;
  return sendControl(sequelize, transaction, queryGenerator.startTransactionQuery(transaction));
}

/**
 * Commits, and gives the connection back.
 *
 * @returns whether the server really committed: PostgreSQL answers the COMMIT of a transaction
 * in which a statement failed with ROLLBACK, and no error (sequelize#11729).
 * @throws what COMMIT threw; the transaction has been rolled back then.
 */
export async function commit(sequelize: Sequelize, transaction: OpenTransaction): Promise<boolean> {
  let answer: unknown;
  try {
    const { queryGenerator } = internalsOf(sequelize).dialect;
    answer = await sendControl(
      sequelize,
      transaction,
      queryGenerator.commitTransactionQuery(transaction),
    );
  } catch (error) {
    // A COMMIT that failed may leave the transaction open, as a deferred foreign key does on SQLite (D-219).
    await rollback(sequelize, transaction).catch(() => {});
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
export async function rollback(sequelize: Sequelize, transaction: OpenTransaction): Promise<void> {
  try {
    await sendRollback(sequelize, transaction);
  } catch (error) {
    await discard(transaction);
    throw error;
  }
  transaction.cleanup();
}

async function sendRollback(sequelize: Sequelize, transaction: OpenTransaction): Promise<void> {
  const queries = internalsOf(sequelize).getQueryInterface();
  await queries.rollbackTransaction(transaction, transaction.options);
}

/** Closes the connection of a transaction whose state nobody knows; the server rolls it back. */
async function discard(transaction: OpenTransaction): Promise<void> {
  // Sequelize's SQLite has no pool: giving the connection back closes it, but for one in memory,
  // which holds the database itself and must not stay in the transaction.
  if (transaction.sequelize.getDialect() === 'sqlite') {
    await sendRollback(transaction.sequelize, transaction).catch(() => {});
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

/**
 * Sends one statement on the connection of `transaction`, past every check of a block. Resolves to
 * what a raw query does: the rows, and what the driver says of them.
 */
export function sendControl(
  sequelize: Sequelize,
  transaction: OpenTransaction,
  sql: string,
): Promise<[unknown, unknown]> {
  const { logging, benchmark } = transaction.options;
  // All have these keys in this order, and no more than a dozen: Sequelize copies options again and
  // again, and reads many of them from each copy. It would hand on those of the transaction, whose
  // `type` is another thing and drops the command tag.
  const options: ControlOptions = {
    type: 'RAW',
    raw: true,
    transaction,
    supportsSearchPath: false,
    completesTransaction: true,
    [CONTROL]: true,
  };
  if (logging !== undefined) options.logging = logging;
  if (benchmark !== undefined) options.benchmark = benchmark;
  return sequelize.query(sql, options) as Promise<[unknown, unknown]>;
}

export function beginSavepoint(
  sequelize: Sequelize,
  transaction: OpenTransaction,
  name: string,
): Promise<unknown> {
  const { queryGenerator } = internalsOf(sequelize).dialect;
  return sendControl(
    sequelize,
    transaction,
    queryGenerator.startTransactionQuery({ parent: transaction, name }),
  );
}

/** Forgets a savepoint and keeps what came after it. Sequelize 6 never does. */
export function releaseSavepoint(
  sequelize: Sequelize,
  transaction: OpenTransaction,
  name: string,
): Promise<unknown> {
  // SQL Server and Oracle have no such statement: their savepoints end with the transaction.
  if (['mssql', 'oracle'].includes(sequelize.getDialect())) return Promise.resolve();
  const { queryGenerator } = internalsOf(sequelize).dialect;
  return sendControl(
    sequelize,
    transaction,
    `RELEASE SAVEPOINT ${queryGenerator.quoteIdentifier(name, true)};`,
  );
}

/** Undoes what came after a savepoint; the savepoint itself stays, until it is released. */
export function rollbackToSavepoint(
  sequelize: Sequelize,
  transaction: OpenTransaction,
  name: string,
): Promise<unknown> {
  const { queryGenerator } = internalsOf(sequelize).dialect;
  return sendControl(
    sequelize,
    transaction,
    queryGenerator.rollbackTransactionQuery({ parent: transaction, name }),
  );
}
