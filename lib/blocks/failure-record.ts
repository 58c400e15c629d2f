import { isWithin, type Scope } from './scope.js';

/** Why a transaction cannot go on: an error, or `setRollback(true)`. */
export interface Failure {
  /** The level whose undoing makes the transaction sound again. */
  readonly block: Scope;
  readonly error: unknown;
  readonly requested: boolean;
  /** Whether the server has ended the transaction, so that no savepoint saves it. */
  readonly final: boolean;
}

/**
 * What is wrong with a transaction, for all of its levels: Django's `needs_rollback` (D-207). The
 * first failure is the one that is told. It is over when the level in which it happened is undone,
 * unless it is final.
 */
export class FailureRecord {
  #current: Failure | undefined;
  /** The last error of a query, for a COMMIT that the server turns into a ROLLBACK. */
  lastError: unknown;

  get current(): Failure | undefined {
    return this.#current;
  }

  /** Lets nothing more run, up to the level that undoes `block`. */
  breakBy(block: Scope, error: unknown): void {
    this.#current ??= { block, error, requested: false, final: false };
  }

  /** Does what `setRollback(true)` asks for. */
  request(block: Scope): void {
    this.#current ??= { block, error: undefined, requested: true, final: false };
  }

  /** The server has ended the transaction `root`, whatever else failed before. */
  end(root: Scope, error: unknown): void {
    this.#current = { block: root, error, requested: false, final: true };
  }

  /** A level could not be undone, so it is for the one around it to undo both. */
  moveTo(parent: Scope, error: unknown): void {
    this.#current = { block: parent, error, requested: false, final: false };
  }

  /** What keeps `block` from ending well: a failure in it, or one that ended the transaction. */
  within(block: Scope): Failure | undefined {
    const failure = this.#current;
    return failure && (failure.final || isWithin(failure.block, block)) ? failure : undefined;
  }

  /** The level that failed has been undone. */
  clear(): void {
    this.#current = undefined;
  }
}
