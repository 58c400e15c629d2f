import type { QueryOptions, Sequelize } from 'sequelize';
import type { FailedQuery } from '../blocks/index.js';
import { dialectOf } from './dialects.js';
import { hasEnded } from './doubtful-ends.js';
import type { OpenTransaction, Query } from './internals.js';
import { forgetSent, isDoneOn, sentOn, serverErrorOn } from './sent-queries.js';
import { endsTransaction, isGivenUp, isRetryable, mayEndTransaction } from './server-errors.js';
import type { Sql } from './statement-kinds.js';
import { retryInTransaction } from './statement-retry.js';
import { copyOf } from './transaction-class.js';

/** Is told of a query that was sent and failed, and of the error that its caller gets. */
export type Tell = (failed: FailedQuery, error: unknown) => void;

/** Sends the application's statements in transactions. */
export class InnerStatements {
  readonly #sequelize: Sequelize;
  readonly #query: Query;

  /** @param query - Sequelize's own method. */
  constructor(sequelize: Sequelize, query: Query) {
    this.#sequelize = sequelize;
    this.#query = query;
  }

  /** Sends one, which Sequelize's `retry` does not take beyond the end of the transaction. */
  send(
    sql: Sql,
    options: QueryOptions | undefined,
    transaction: OpenTransaction,
    tell: Tell,
  ): Promise<unknown> {
    const retry = retryInTransaction(this.#sequelize, options?.retry, (error) =>
      this.#mayBeSentAgain(named, error),
    );
    // A copy can be ended for this statement alone, when it is given up and then sent after all.
    const named = retry?.timeout ? copyOf(transaction) : transaction;
    // To copy the options of a model's query takes its time.
    const isMeant = !retry && options?.transaction === named;
    const meant = isMeant ? options : { ...options, ...(retry && { retry }), transaction: named };

    forgetSent(named);
    return this.#query(sql, meant).then(
      (result) => {
        // It has the instance that was saved, which nobody else may hold any more.
        forgetSent(named);
        return result;
      },
      (error: unknown) => {
        if (named !== transaction && isGivenUp(error)) named.finished = 'rollback';
        return this.#failed(named, error, tell);
      },
    );
  }

  async #failed(transaction: OpenTransaction, error: unknown, tell: Tell): Promise<never> {
    if (sentOn(transaction)) {
      const ofServer = serverErrorOn(transaction, error);
      forgetSent(transaction);
      const ended =
        endsTransaction(ofServer) || (mayEndTransaction(ofServer) && (await hasEnded(transaction)));
      const [lost, unanswered] = [isRetryable(ofServer), isGivenUp(error)];
      tell({ error: ofServer, lost, ended, unanswered }, error);
    }
    throw error;
  }

  /** Whether a statement that failed has done nothing, and its transaction goes on. */
  #mayBeSentAgain(transaction: OpenTransaction, error: unknown): boolean {
    if (!sentOn(transaction)) return true;
    if (isDoneOn(transaction) || !dialectOf(this.#sequelize).forgivesFailures) return false;

    const ofServer = serverErrorOn(transaction, error);
    return !endsTransaction(ofServer) && !mayEndTransaction(ofServer);
  }
}
