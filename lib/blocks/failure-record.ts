import type { Block } from './block.js';
import { isWithin, type Scope } from './scope.js';

/** Why a transaction cannot go on: an error, or `setRollback(true)`. */
export interface Failure {
  /** The level whose undoing makes the transaction sound again. */
  readonly block: Block;
  /** The moment from which on all has to be undone for the failure to be over. */
  readonly since: number;
  readonly error: unknown;
  readonly requested: boolean;
  /** Whether the server has ended the transaction, so that no savepoint saves it. */
  readonly final: boolean;
}

/** A query that failed, and what that tells of its transaction. */
export interface FailedQuery {
  readonly error: unknown;
  /** Whether it lost against another transaction, so that the whole may be tried again. */
  readonly lost: boolean;
  /** Whether the server has ended the transaction with it. */
  readonly ended: boolean;
  /** Whether nobody waits for the server's answer any more, so that nobody knows what it has done. */
  readonly unanswered: boolean;
}

/**
 * What is wrong with a transaction, for all of its levels: Django's `needs_rollback` (D-207). While
 * anything is, nothing more runs in it.
 *
 * Each failure is over when, and only when, what it spoiled has been undone: the level in which it
 * happened, or by a savepoint that is older than all it spoiled. So several are kept, which have
 * different ends: a block may fail beside a failure inside it. The first is the one that is told.
 */
export class FailureRecord {
  #failures: readonly Failure[] = [];
  /** The last error of a query, for a COMMIT that the server turns into a ROLLBACK. */
  lastError: unknown;
  /** Whether a query lost against another transaction, whatever became of its error. */
  lost = false;

  get current(): Failure | undefined {
    return this.#failures[0];
  }

  /** Lets nothing more run, up to the level that undoes `block`, and all in it since that moment. */
  breakBy(block: Block, since: number, error: unknown): void {
    this.#add({ block, since, error, requested: false, final: false });
  }

  /** Does what `setRollback(true)` asks for. */
  request(block: Block): void {
    this.#add({ block, since: 0, error: undefined, requested: true, final: false });
  }

  /** The server has ended the transaction `root`, whatever else failed before. */
  end(root: Block, error: unknown): void {
    this.#failures = [{ block: root, since: 0, error, requested: false, final: true }];
  }

  /**
   * What keeps `block` from ending well: a failure in it, or one that ended the transaction. An error
   * is told before the wish of somebody for a rollback, which would be a rollback without a word.
   */
  within(block: Scope): Failure | undefined {
    const found = this.#failures.filter(
      (failure) => failure.final || isWithin(failure.block, block),
    );
    return found.find(({ requested }) => !requested) ?? found[0];
  }

  /** What was spoiled has been undone for the failures that are `over`; one is never. */
  mend(over: (failure: Failure) => boolean): void {
    this.#failures = this.#failures.filter((failure) => failure.final || !over(failure));
  }

  #add(added: Failure): void {
    if (this.#failures.some((known) => outlasts(known, added))) return;
    this.#failures = [...this.#failures, added];
  }
}

/** Whether whatever mends `known` mends `added` as well, so that there is nothing to add. */
function outlasts(known: Failure, added: Failure): boolean {
  return known.final || (known.since <= added.since && isWithin(added.block, known.block));
}
