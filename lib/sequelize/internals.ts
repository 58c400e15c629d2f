import type { QueryOptions, Sequelize, Transaction } from 'sequelize';
import type { Sql } from './statement-kinds.js';

/**
 * What Sequelize 6 has and its documentation does not promise, as far as transactions need it. What
 * another version has in another way gets its place here, and nowhere else.
 */

/** Sequelize's option `retry`, by which it sends a statement again, or gives it up. */
export type StatementRetry = NonNullable<QueryOptions['retry']>;

/** A connection of a driver, as Sequelize's pool hands it out. */
export interface DriverConnection {
  uuid?: string | undefined;
  /** PostgreSQL's: what the server last said of the transaction, `T` in one, and `E` in a failed one. */
  getTransactionStatus?(): unknown;
  /** PostgreSQL's: whether it has said so since the last statement. An error is told before that. */
  readonly readyForQuery?: boolean;
}

/** A `Transaction` with the members that its declaration leaves out. */
export type OpenTransaction = Transaction & {
  connection?: DriverConnection | undefined;
  finished?: 'commit' | 'rollback' | undefined;
  readonly sequelize: Sequelize;
  readonly id: string;
  name: string;
  readonly savepoints: object[];
  parent?: OpenTransaction | undefined;
  readonly options: {
    readonly readOnly?: boolean;
    readonly deferrable?: unknown;
    readonly isolationLevel?: unknown;
    readonly logging?: QueryOptions['logging'];
    readonly benchmark?: QueryOptions['benchmark'];
    readonly retry?: StatementRetry;
  };
  begin(): Promise<unknown>;
  setDeferrable(): Promise<unknown>;
  cleanup(): void;
  forceCleanup(): Promise<void>;
};

/** A savepoint, as the query generator wants to hear of it. */
interface SavepointLevel {
  readonly parent: object;
  readonly name: string;
}

/** Sequelize's `query`, which this library replaces. */
export type Query = (sql: Sql, options?: QueryOptions) => Promise<unknown>;

/** A statement on its way to the driver. */
export interface DialectQuery {
  readonly options: QueryOptions;
  run(sql: string, parameters?: unknown): Promise<unknown>;
  /** Calls the logging function now, or with `benchmark` when what it returns is called. */
  _logQuery(sql: string, debug: unknown, parameters?: unknown): () => void;
}

export type QueryClass = new (
  connection: DriverConnection | undefined,
  sequelize: Sequelize,
  options: QueryOptions,
) => DialectQuery;

/** The members of a Sequelize that its declarations leave out. */
interface Internals {
  readonly connectionManager: {
    getConnection(options: { uuid: string; type?: 'SELECT' }): Promise<DriverConnection>;
    /** SQLite's: that of a database in memory, which all share, is under `1`. */
    readonly connections?: Readonly<Record<string, DriverConnection>>;
  };
  readonly options: {
    readonly logging?: QueryOptions['logging'];
    readonly retry?: StatementRetry | undefined;
    readonly hooks?: { readonly [type in 'beforeConnect' | 'afterConnect']?: readonly unknown[] };
  };
  readonly dialect: {
    readonly Query: QueryClass;
    readonly queryGenerator: {
      startTransactionQuery(level: OpenTransaction | SavepointLevel): string;
      setIsolationLevelQuery(level: unknown, options: object): string;
      commitTransactionQuery(transaction: OpenTransaction): string;
      rollbackTransactionQuery(level: SavepointLevel): string;
      quoteIdentifier(name: string, force: boolean): string;
    };
  };
  getQueryInterface(): QueryInterface;
}

/** What sends the statements that end transactions. */
interface QueryInterface {
  commitTransaction(transaction: object, options: object): Promise<unknown>;
  rollbackTransaction(transaction: object, options: object): Promise<unknown>;
}

export function queryInterfaceOf(sequelize: Sequelize): QueryInterface {
  return internalsOf(sequelize).getQueryInterface();
}

export function internalsOf(sequelize: Sequelize): Internals {
  return sequelize as unknown as Internals;
}

/** Whether the application has something run around each query. */
export function hasQueryHooks(sequelize: Sequelize): boolean {
  return sequelize.hasHook('beforeQuery') || sequelize.hasHook('afterQuery');
}

/** Whether the application has something run when a connection is made. */
export function hasConnectHooks(sequelize: Sequelize): boolean {
  const { beforeConnect, afterConnect } = internalsOf(sequelize).options.hooks ?? {};
  return !!(beforeConnect?.length || afterConnect?.length);
}

/** The application's own class of transactions: each copy of Sequelize has another one. */
export function transactionClassOf(
  sequelize: Sequelize,
): new (
  sequelize: Sequelize,
  options: object,
) => OpenTransaction {
  const { Transaction: Class } = sequelize.constructor as unknown as {
    readonly Transaction: new (sequelize: Sequelize, options: object) => OpenTransaction;
  };
  return Class;
}
