import type { Transaction } from 'sequelize';
import { Signal } from '../signals/index.js';

/** What receivers of `postCommit` get. */
export interface PostCommit {
  /** The alias of the database. */
  readonly using: string;
  /** The transaction that has ended; it takes no more queries. */
  readonly transaction: Transaction;
}

/** What receivers of `postRollback` get. */
export interface PostRollback extends PostCommit {
  /** The error that made the transaction roll back; undefined when somebody asked for the rollback. */
  readonly error: unknown;
}

/**
 * Sent after every transaction of an installed database that was committed, with the alias as
 * sender: for each outermost `atomic()` and each transaction of Sequelize. It is sent after the
 * `onCommit` callbacks, outside any transaction; a receiver's error reaches the caller of
 * `atomic()`, and the data stays.
 */
export const postCommit: Signal<PostCommit> = new Signal<PostCommit>({ name: 'postCommit' });

/**
 * Sent after every transaction of an installed database that was rolled back, also by a COMMIT
 * that failed, with the alias as sender. A receiver's error is logged, so that it cannot hide the
 * error that caused the rollback.
 */
export const postRollback: Signal<PostRollback> = new Signal<PostRollback>({
  name: 'postRollback',
});

/** The signals of one transaction. They live as long as it does, so their receivers end with it. */
export class TransactionSignals {
  readonly postCommit: Signal<PostCommit> = new Signal<PostCommit>({
    name: 'transaction.signals.postCommit',
  });
  readonly postRollback: Signal<PostRollback> = new Signal<PostRollback>({
    name: 'transaction.signals.postRollback',
  });
}
