import type { Block, Trunk } from '../transactions/index.js';

/** What borrows a place: its `label` names it in messages. */
export interface Borrower {
  readonly label: string;
}

/** Where savepoints can be set, by one at a time: an open block, or the transaction of a test. */
export interface Place extends Pick<Block, 'begin' | 'carrier'> {
  readonly trunk: Pick<Trunk, 'transaction' | 'savepoints' | 'line' | 'nextSavepoint'>;
  /** Waits for the turn of `borrower`; resolves to the function that gives the place back. */
  lend(borrower: Borrower): Promise<() => void>;
}
