import { functionName, isThenable } from '../base/index.js';
import {
  type BlockObserver,
  type Blocks,
  type DueCallback,
  LeftOpenWatch,
  logFailedCallback,
  type RootBlock,
} from '../blocks/index.js';
import { transactionOf } from '../sequelize/index.js';
import {
  type PostCommit,
  type PostRollback,
  postCommit,
  postRollback,
  signalsOf,
  type TransactionSignal,
  type TransactionSignals,
} from './transaction-signals.js';

/** Runs the callbacks of transactions that have ended, and sends their signals. */
export const afterTransaction: BlockObserver = {
  committed(root, callbacks) {
    const sending = listenedTo(root, postCommit, 'postCommit');
    if (callbacks.length === 0 && sending.length === 0) return undefined;

    const { blocks } = root;
    const payload: PostCommit = { using: blocks.alias, transaction: transactionOf(root) };
    return blocks.outside(() =>
      LeftOpenWatch.run(async (watch) => {
        try {
          await runInTurn(callbacks, watch);
        } catch (error) {
          await sendAllLogged(sending, payload, watch);
          throw error;
        }
        await sendAll(sending, payload, watch);
      }),
    );
  },

  rolledBack(root, error) {
    const sending = listenedTo(root, postRollback, 'postRollback');
    if (sending.length === 0) return undefined;

    const { blocks } = root;
    const transaction = transactionOf(root);
    const payload: PostRollback = { using: blocks.alias, transaction, error };
    // The error that made the transaction roll back is what the caller must get.
    const send = error === undefined ? sendAll : sendAllLogged;
    return blocks.outside(() => LeftOpenWatch.run((watch) => send(sending, payload, watch)));
  },
};

/** The signals to send: those of this transaction alone, before those of all. */
function listenedTo<Name extends keyof TransactionSignals>(
  root: RootBlock,
  ofAll: TransactionSignals[Name],
  name: Name,
): TransactionSignals[Name][] {
  const own = signalsOf(root)?.[name];
  const signals = own === undefined ? [ofAll] : [own, ofAll];
  return signals.filter((signal) => signal.hasListeners(root.blocks.alias));
}

async function sendAll<Payload extends PostCommit>(
  signals: readonly TransactionSignal<Payload>[],
  payload: Payload,
  watch: LeftOpenWatch,
): Promise<void> {
  for (const signal of signals) await signal.sendWatched(payload.using, payload, watch);
}

/** As `sendAll`, where the caller gets another error: the one that ends it is logged. */
async function sendAllLogged<Payload extends PostCommit>(
  signals: readonly TransactionSignal<Payload>[],
  payload: Payload,
  watch: LeftOpenWatch,
): Promise<void> {
  for (const signal of signals) {
    if (!(await signal.sendWatchedLogged(payload.using, payload, watch))) return;
  }
}

/** Runs callbacks as after a commit, outside of any transaction. */
export async function runCallbacks(
  blocks: Blocks,
  callbacks: readonly DueCallback[],
): Promise<void> {
  await blocks.outside(() => LeftOpenWatch.run((watch) => runInTurn(callbacks, watch)));
}

async function runInTurn(callbacks: readonly DueCallback[], watch: LeftOpenWatch): Promise<void> {
  for (const { callback, robust, capture } of callbacks) {
    if (capture?.takes(callback, robust)) continue;
    try {
      const returned = callback();
      if (isThenable(returned)) await returned;
      if (watch.hasSuspects) await watch.assertNothingLeftBy(functionName(callback));
    } catch (error) {
      await watch.rollBackOpen(); // or the next function would get the blame
      if (!robust) throw error; // D-261
      logFailedCallback(callback, 'after the commit', error);
    }
  }
}
