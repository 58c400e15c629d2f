import type { Handle } from './driver.js';
import type { RootBlock } from './root-block.js';
import type { Savepoint } from './savepoint-stack.js';

/** Whether a query writes. It is asked where that matters: to read a statement takes its time. */
export type Writes = () => boolean;

/** Sends a query: in the transaction of the given handle, or with `null` on any connection. */
export type SendQuery<Result> = (handle: Handle | null) => Promise<Result>;

/** What an outermost block is on the server: a transaction of its own, or what a test puts in its place. */
export interface RealTransaction {
  /** Whether callbacks wait for a commit that never comes, as in Django's tests. */
  readonly holdsCallbacks: boolean;
  /** Whether it may begin before it has to: that keeps nobody waiting. */
  readonly beginsAhead: boolean;
  /** Whether nobody else sets savepoints on its connection. */
  readonly hasOwnSavepoints: boolean;
  /** @param first - a savepoint that is needed at once; it is set as well where that costs nothing. */
  begin(first?: Savepoint): Promise<void>;
  /** Resolves to whether the work is really stored; when it rejects, the work is undone. */
  commit(): Promise<boolean>;
  rollback(): Promise<void>;
}

/** Where the real transactions of a database come from: its pool of connections, or a test. */
export interface TransactionSource {
  /** Whether callbacks wait for a commit that never comes, as in Django's tests. */
  readonly holdsCallbacks: boolean;
  /** What makes an outermost block real. Nothing is sent before it begins. */
  realize(block: RootBlock): RealTransaction;
  /** Sends a query that belongs to no block. */
  query<Result>(writes: Writes, send: SendQuery<Result>): Promise<Result>;
}
