import type { Handle, LockHolder, SavepointStack } from '../blocks/for-testing.js';

/** On what savepoints can be set, by one at a time: an open block, or the transaction of a test. */
export interface SavepointHost {
  readonly root: { readonly stack: SavepointStack };
  /** Makes it real on the server, unless it is. */
  begin(): Promise<void> | undefined;
  /** What queries that stand on it name as their transaction. */
  queryHandle(): Handle;
  /** Waits for the turn of `borrower`; resolves to the function that gives the stack back. */
  lend(borrower: LockHolder): Promise<() => void>;
}
