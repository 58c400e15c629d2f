import type { Model, ModelStatic } from 'sequelize';
import { functionName, UnknownModelError } from '../base/index.js';
import { type AnyReceiver, liveReceivers, type Signal } from '../signals/index.js';
import { ModelSignal } from './model-signal.js';
import { whyItNeverSends } from './never-sends.js';

/** A receiver that waits for a sender which never sends. */
export interface UnresolvedSender {
  readonly signal: Signal<object>;
  /** The sender as it was given: a model, or the name of one. */
  readonly sender: ModelStatic<Model> | string;
  /** The name that was given, or that of the class. */
  readonly name: string;
  readonly receiver: AnyReceiver;
  /** Why it never sends, for a person to read. */
  readonly reason: string;
}

/**
 * The receivers whose sender never sends: a name that no model of an installed database has; a
 * class that was never initialised, as one that models extend, or whose Sequelize instance is not
 * installed; for `m2mChanged` a model that holds no links. Ask for them when everything is set up:
 * what is left then is a mistake (D-087).
 *
 * @example
 * ```ts
 * import { unresolvedSenders } from 'sequelize-signals';
 *
 * for (const { signal, reason } of unresolvedSenders()) {
 *   console.warn(`${signal.name}: ${reason}`);
 * }
 * ```
 */
export function unresolvedSenders(): UnresolvedSender[] {
  return liveReceivers().flatMap((connected) => {
    const { signal, sender } = connected;
    const receiver = connected.receiver();
    if (!(signal instanceof ModelSignal) || !isSender(sender) || !receiver) return [];

    const reason = whyItNeverSends(signal, sender);
    const name = typeof sender === 'string' ? sender : functionName(sender);
    return reason === undefined ? [] : [{ signal, sender, name, receiver, reason }];
  });
}

/**
 * Throws when {@link unresolvedSenders} lists anything, for applications that would rather not
 * start than miss a signal.
 *
 * @example
 * ```ts
 * import { assertSendersResolved } from 'sequelize-signals';
 *
 * assertSendersResolved();
 * ```
 * @throws {@link UnknownModelError} which names each receiver with its sender, and says why that
 * never sends.
 */
export function assertSendersResolved(): void {
  const unresolved = unresolvedSenders().map(
    ({ signal, receiver, reason }) =>
      `${reason}, for ${signal.name} receiver "${functionName(receiver)}"`,
  );
  if (unresolved.length === 0) return;
  throw new UnknownModelError(
    `${unresolved.join('. ')}. Define and install the model before this check, or correct the sender.`,
  );
}

function isSender(sender: unknown): sender is UnresolvedSender['sender'] {
  return typeof sender === 'string' || typeof sender === 'function';
}
