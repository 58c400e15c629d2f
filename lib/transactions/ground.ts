import type { Backing, Block, Writes } from './block.js';
import { OwnTransaction } from './own-transaction.js';
import type { OpenTransaction } from './statements.js';

/** Sends a query: in the given transaction, or with `null` on any connection. */
export type SendQuery<Result> = (transaction: OpenTransaction | null) => Promise<Result>;

/** What a database's work stands on: its pool of connections, or what a test puts in its place. */
export interface Ground {
  /** Whether callbacks wait for a commit that never comes, as in Django's tests. */
  readonly holdsCallbacks: boolean;
  /** What makes an outermost block real. */
  back(block: Block): Backing;
  /** Sends a query that belongs to no block. */
  query<Result>(writes: Writes, send: SendQuery<Result>): Promise<Result>;
}

/** The pool: each outermost block gets a connection of its own, and so does each other query. */
export const pool: Ground = {
  holdsCallbacks: false,
  back: (block) => new OwnTransaction(block),
  query: (_writes, send) => send(null),
};
