import { functionName, InvalidArgumentError, isClass, show } from '../base/index.js';
import type { Signal } from './signal.js';

/** What a receiver is called with: the payload of the send, with its signal and its sender. */
export type SignalEvent<Payload extends object, Sender = unknown> = Payload & {
  readonly signal: Signal<Payload>;
  readonly sender: Sender;
};

/** A function to connect. What it returns is its response; a promise is awaited. */
export type Receiver<Payload extends object, Sender = unknown, This = void> = (
  this: This,
  event: SignalEvent<Payload, Sender>,
) => unknown;

/** A receiver as the machinery sees it: whatever it takes, it is called with one event. */
export type AnyReceiver = (this: never, event: never) => unknown;

/** Throws unless it can be called: always, and not in debug mode only (D-014, D-015). */
export function checkReceiver(receiver: unknown): void {
  if (typeof receiver !== 'function') {
    throw new InvalidArgumentError(`A receiver must be a function, not ${show(receiver)}.`);
  }
  if (isClass(receiver as AnyReceiver)) {
    throw new InvalidArgumentError(
      `A receiver must be a function that can be called, not the class ${functionName(receiver)}. ` +
        'The receiver comes first, and the sender is an option: connect(receiver, { sender }).',
    );
  }
}
