import type { Transaction } from 'sequelize';
import { functionName, obtain } from '../base/index.js';
import type { LeftOpenWatch, RootBlock } from '../blocks/index.js';
import { type AnyReceiver, Signal } from '../signals/index.js';

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

/** A signal whose receivers must end the transactions that they begin. */
export class TransactionSignal<Payload extends object> extends Signal<Payload> {
  /** Sends, and rolls back what a receiver left open before the next one is called. */
  sendWatched(alias: string, payload: Payload, watch: LeftOpenWatch): Promise<void> {
    return this.sendOneByOne(alias, payload, leftNothingOpen(watch));
  }

  /** As `sendWatched`, but logs the error that ends it; resolves to true when there was none. */
  sendWatchedLogged(alias: string, payload: Payload, watch: LeftOpenWatch): Promise<boolean> {
    return this.sendOneByOneLogged(alias, payload, leftNothingOpen(watch));
  }
}

function leftNothingOpen(watch: LeftOpenWatch): (receiver: AnyReceiver) => Promise<void> {
  return (receiver) => watch.assertNothingLeftBy(functionName(receiver));
}

/**
 * Sent after every transaction of an installed database that was committed, with the alias as
 * sender: for each outermost `atomic()` and each transaction of Sequelize. It is sent after the
 * `onCommit` callbacks, outside any transaction; a receiver's error reaches the caller of
 * `atomic()`, and the data stays.
 */
export const postCommit: TransactionSignal<PostCommit> = new TransactionSignal<PostCommit>({
  name: 'postCommit',
});

/**
 * Sent after every transaction of an installed database that was rolled back, also by a COMMIT
 * that failed, with the alias as sender. A receiver's error is logged where it would hide the
 * error that caused the rollback.
 */
export const postRollback: TransactionSignal<PostRollback> = new TransactionSignal<PostRollback>({
  name: 'postRollback',
});

/** The signals of one transaction. They live as long as it does, so their receivers end with it. */
export class TransactionSignals {
  readonly postCommit: TransactionSignal<PostCommit> = new TransactionSignal<PostCommit>({
    name: 'transaction.signals.postCommit',
  });
  readonly postRollback: TransactionSignal<PostRollback> = new TransactionSignal<PostRollback>({
    name: 'transaction.signals.postRollback',
  });
}

const signalsByRoot = new WeakMap<RootBlock, TransactionSignals>();

/** The signals of the transaction of `root`, if somebody asked for them. */
export function signalsOf(root: RootBlock): TransactionSignals | undefined {
  return signalsByRoot.get(root);
}

/** The signals of the transaction of `root`, for somebody who connects to them. */
export function obtainSignals(root: RootBlock): TransactionSignals {
  return obtain(signalsByRoot, root, () => new TransactionSignals());
}
