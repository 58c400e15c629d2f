import { functionName, UnknownModelError } from '../base/index.js';
import { type AnyReceiver, liveReceivers, type Signal } from '../signals/index.js';
import { modelsNamed } from './model-names.js';
import { ModelSignal } from './model-signal.js';

/** A receiver that waits for a model nobody has defined. */
export interface UnresolvedSender {
  readonly signal: Signal<object>;
  /** The name given as the sender. */
  readonly name: string;
  readonly receiver: AnyReceiver;
}

/**
 * The receivers that are connected by the name of a model which no installed database has. Ask
 * for them when everything is set up: what is left then is misspelt (D-087).
 *
 * @example
 * ```ts
 * import { unresolvedSenders } from 'sequelize-signals';
 *
 * for (const { signal, name } of unresolvedSenders()) {
 *   console.warn(`${signal.name}: no model is called "${name}"`);
 * }
 * ```
 */
export function unresolvedSenders(): UnresolvedSender[] {
  return liveReceivers().flatMap((connected) => {
    const { signal } = connected;
    const name = connected.primitiveSender();
    const receiver = connected.receiver();
    if (!(signal instanceof ModelSignal) || typeof name !== 'string' || !receiver) return [];
    return modelsNamed(name).length > 0 ? [] : [{ signal, name, receiver }];
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
 * @throws {@link UnknownModelError} which names each receiver with the model that it waits for.
 */
export function assertSendersResolved(): void {
  const unresolved = unresolvedSenders().map(
    ({ signal, name, receiver }) =>
      `"${name}", for ${signal.name} receiver "${functionName(receiver)}"`,
  );
  if (unresolved.length === 0) return;
  throw new UnknownModelError(
    `No installed database has a model called ${unresolved.join('; nor one called ')}. ` +
      'Define the model before this check, or correct the name.',
  );
}
