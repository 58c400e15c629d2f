import type { Transaction } from 'sequelize';
import { functionName, isThenable, logger } from '../base/index.js';
import { type DueCallback, logFailedCallback } from './callbacks.js';
import { LeftOpenWatch } from './left-open.js';
import {
  type PostCommit,
  type PostRollback,
  postCommit,
  postRollback,
  type TransactionSignal,
  type TransactionSignals,
} from './transaction-signals.js';

/** A transaction that has ended. */
interface Ended {
  readonly host: { readonly alias: string; outside<Result>(body: () => Result): Result };
  readonly transaction: Transaction;
  readonly signals: TransactionSignals | undefined;
}

/** Runs the callbacks of a committed transaction and sends its signals, outside any transaction (J-33). */
export function sendCommitted(
  ended: Ended,
  callbacks: readonly DueCallback[],
): Promise<void> | undefined {
  const { host, signals, transaction } = ended;
  const sending = listenedTo(host.alias, signals?.postCommit, postCommit);
  if (callbacks.length === 0 && sending.length === 0) return undefined;

  const payload: PostCommit = { using: host.alias, transaction };
  return host.outside(() =>
    LeftOpenWatch.run(async (watch) => {
      try {
        await runCallbacks(callbacks, watch);
      } catch (error) {
        await send(sending, host.alias, payload, watch).catch(logLate);
        throw error;
      }
      await send(sending, host.alias, payload, watch);
    }),
  );
}

/** Sends the signals of a transaction that was rolled back by `error`, or because somebody asked for it. */
export async function sendRolledBack(ended: Ended, error: unknown): Promise<void> {
  const { host, signals, transaction } = ended;
  const sending = listenedTo(host.alias, signals?.postRollback, postRollback);
  if (sending.length === 0) return;

  const payload: PostRollback = { using: host.alias, transaction, error };
  const sent = host.outside(() =>
    LeftOpenWatch.run((watch) => send(sending, host.alias, payload, watch)),
  );
  // The error that made the transaction roll back is what the caller must get.
  await (error === undefined ? sent : sent.catch(logLate));
}

function logLate(error: unknown): void {
  logger().error(
    'A receiver of a transaction signal failed, after another error that the caller gets.',
    error,
  );
}

function listenedTo<Payload extends object>(
  alias: string,
  ...signals: (TransactionSignal<Payload> | undefined)[]
): TransactionSignal<Payload>[] {
  return signals.filter((signal) => signal !== undefined).filter((s) => s.hasListeners(alias));
}

async function send<Payload extends object>(
  signals: TransactionSignal<Payload>[],
  alias: string,
  payload: Payload,
  watch: LeftOpenWatch,
): Promise<void> {
  for (const signal of signals) await signal.sendWatched(alias, payload, watch);
}

/** Runs callbacks as after a commit, outside any transaction. */
export async function runDue(
  host: Ended['host'],
  callbacks: readonly DueCallback[],
): Promise<void> {
  await host.outside(() => LeftOpenWatch.run((watch) => runCallbacks(callbacks, watch)));
}

async function runCallbacks(
  callbacks: readonly DueCallback[],
  watch: LeftOpenWatch,
): Promise<void> {
  for (const { callback, robust, capture } of callbacks) {
    if (capture?.takes(callback, robust)) continue;
    try {
      const returned = callback();
      if (isThenable(returned)) await returned;
      if (watch.suspects) await watch.end(functionName(callback));
    } catch (error) {
      await watch.rollBackOpen(); // or the next function would get the blame
      if (!robust) throw error; // D-261
      logFailedCallback(callback, 'after the commit', error);
    }
  }
}
