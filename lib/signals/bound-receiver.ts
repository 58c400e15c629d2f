import type { ConnectRequest } from './connect-request.js';
import { ConnectedReceiver } from './connected-receiver.js';
import type { AnyReceiver } from './receiver.js';
import type { SenderReceivers } from './sender-receivers.js';

/**
 * Lives exactly as long as the object that its function is called on, as Django holds a bound
 * method (D-036).
 */
export class BoundReceiver extends ConnectedReceiver {
  readonly #thisArg: WeakRef<object>;
  // The function may be bound to the object or close over it. A plain reference to it would then
  // keep the object alive for ever, and a WeakRef would lose a function that nobody else has; an
  // entry of a WeakMap does neither.
  readonly #receiverByThis: WeakMap<object, AnyReceiver>;

  constructor(list: SenderReceivers, { receiver, key, once }: ConnectRequest, thisArg: object) {
    super(list, key, once);
    this.#thisArg = new WeakRef(thisArg);
    this.#receiverByThis = new WeakMap([[thisArg, receiver]]);
  }

  receiver(): AnyReceiver | undefined {
    const thisArg = this.#thisArg.deref();
    return thisArg && this.#receiverByThis.get(thisArg);
  }

  thisArg(): object | undefined {
    return this.#thisArg.deref();
  }
}
