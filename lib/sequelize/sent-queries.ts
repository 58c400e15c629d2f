import type { Sequelize } from 'sequelize';
import { type DialectQuery, internalsOf, type QueryClass } from './internals.js';
import { replaceMethod } from './replace-method.js';

/** Where a transaction has the query that was sent on it last. */
export const SENT: unique symbol = Symbol('sequelize-signals.sent');

/** What the driver answered to a query. */
export type Answer = { readonly value: unknown } | { readonly error: unknown };

/** A query that was handed to the driver. */
export interface SentQuery {
  /**
   * Its answer, where something of the application may come between that and the caller: a hook, or
   * a logging function. Elsewhere the caller gets the answer itself.
   */
  readonly answer: Answer | undefined;
}

interface Carrier {
  [SENT]?: SentQuery | undefined;
}

/** The query that was sent last on a transaction; undefined when none was, since `forgetSent`. */
export function sentOn(transaction: object): SentQuery | undefined {
  return (transaction as Carrier)[SENT];
}

/** Has `sentOn` tell only of what is sent from now on. */
export function forgetSent(transaction: object): void {
  (transaction as Carrier)[SENT] = undefined;
}

/** Whether the driver has answered, and without an error, though the caller got one. */
export function isDoneOn(transaction: object): boolean {
  const answer = sentOn(transaction)?.answer;
  return answer !== undefined && 'value' in answer;
}

/** The error of the server, where that of a hook or of a logging function has taken its place. */
export function serverErrorOn(transaction: object, error: unknown): unknown {
  const answer = sentOn(transaction)?.answer;
  return answer && 'error' in answer ? answer.error : error;
}

/**
 * Has the queries of transactions remember that they were sent, and their answers. Sequelize tells
 * neither: the error of a hook or of a logging function takes the place of the answer. Returns the undo.
 */
export function rememberSentQueries(sequelize: Sequelize): () => void {
  const { dialect } = internalsOf(sequelize);
  return replaceMethod<'Query', QueryClass>(dialect, 'Query', (original) =>
    rememberingClass(sequelize, original),
  );
}

function rememberingClass(sequelize: Sequelize, base: QueryClass): QueryClass {
  class Query extends base implements SentQuery {
    answer: Answer | undefined = undefined;
    #logFailure: { readonly error: unknown } | undefined = undefined;

    override run(sql: string, parameters?: unknown): Promise<unknown> {
      const { transaction } = this.options;
      if (!transaction) return super.run(sql, parameters);

      (transaction as Carrier)[SENT] = this;
      const running = super.run(sql, parameters);
      const mayBeHidden = this.options.logging || sequelize.hasHook('afterQuery');
      return mayBeHidden ? this.#remember(running) : running;
    }

    override _logQuery(...parameters: Parameters<DialectQuery['_logQuery']>): () => void {
      if (!this.options.transaction || !this.options.logging) return super._logQuery(...parameters);

      let complete = (): void => {};
      this.#log(() => {
        complete = super._logQuery(...parameters);
      });
      return () => this.#log(() => complete());
    }

    /** What a logging function throws comes after the answer, in which it may hide a deadlock. */
    #log(log: () => void): void {
      try {
        log();
      } catch (error) {
        this.#logFailure ??= { error };
      }
    }

    async #remember(running: Promise<unknown>): Promise<unknown> {
      let value: unknown;
      try {
        value = await running;
      } catch (error) {
        this.answer = { error };
        throw error;
      }
      this.answer = { value };
      if (this.#logFailure) throw this.#logFailure.error;
      return value;
    }
  }
  return Query;
}
