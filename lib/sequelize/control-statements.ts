import type { QueryOptions, Sequelize } from 'sequelize';
import { logger } from '../base/index.js';
import { internalsOf, type OpenTransaction, type Query } from './internals.js';
import { forgetSent, isDoneOn, sentOn, serverErrorOn } from './sent-queries.js';
import { isGivenUp, isRefused } from './server-errors.js';
import { retryInTransaction } from './statement-retry.js';

/** Options of a statement that begins, ends or divides a transaction. */
export type ControlOptions = QueryOptions & { readonly transaction: OpenTransaction };

const BEGINS = /^\s*(begin|start)\b/i;

/**
 * Sends the statements that begin, end and divide transactions. What a hook or a logging function
 * of the application throws at one is logged, and does not decide what becomes of the transaction:
 * a COMMIT that it came behind has stored everything.
 */
export class ControlStatements {
  readonly #sequelize: Sequelize;
  readonly #query: Query;

  /** @param query - Sequelize's own method. */
  constructor(sequelize: Sequelize, query: Query) {
    this.#sequelize = sequelize;
    this.#query = query;
  }

  async send(sql: string, options: ControlOptions): Promise<unknown> {
    const { transaction } = options;
    forgetSent(transaction);
    try {
      return await this.#query(sql, this.#withRetry(sql, options));
    } catch (error) {
      if (!this.#wasHeldBack(transaction, error)) return answerOn(transaction, sql, error);
      logHookError(sql, error);
    }
    try {
      return await this.#sendPastHooks(sql, options);
    } catch (error) {
      return answerOn(transaction, sql, error);
    }
  }

  /** Whether a hook kept the statement from being sent. */
  #wasHeldBack(transaction: OpenTransaction, error: unknown): boolean {
    return !sentOn(transaction) && !isGivenUp(error) && this.#sequelize.hasHook('beforeQuery');
  }

  #sendPastHooks(sql: string, options: ControlOptions): Promise<unknown> {
    const { dialect, options: common } = internalsOf(this.#sequelize);
    const { connection } = options.transaction;
    const query = new dialect.Query(connection, this.#sequelize, {
      ...(common.logging !== undefined && { logging: common.logging }),
      ...options,
    });
    return query.run(sql);
  }

  /** Nobody gives a COMMIT up, for it may be done all the same; nor is it done twice. */
  #withRetry(sql: string, options: ControlOptions): ControlOptions {
    const { transaction } = options;
    const begins = BEGINS.test(sql);
    const retry = retryInTransaction(this.#sequelize, options.retry, (error) => {
      if (isDoneOn(transaction)) return false;
      return begins || isRefused(serverErrorOn(transaction, error));
    });
    if (!retry) return options;
    return { ...options, retry: begins ? retry : { ...retry, timeout: undefined } };
  }
}

/** The answer of the server, where the error of somebody else has taken its place. */
function answerOn(transaction: OpenTransaction, sql: string, error: unknown): unknown {
  const answer = sentOn(transaction)?.answer;
  if (!answer) throw error;
  if ('error' in answer) throw answer.error;
  logHookError(sql, error);
  return answer.value;
}

function logHookError(sql: string, error: unknown): void {
  logger().error(
    `A hook or a logging function of the application failed at "${sql}". ` +
      'The statement was sent all the same, and its own outcome counts.',
    error,
  );
}
