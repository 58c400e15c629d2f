import type { ConnectRequest } from './connect-request.js';
import { ConnectedReceiver } from './connected-receiver.js';
import type { AnyReceiver } from './receiver.js';
import type { SenderReceivers } from './sender-receivers.js';

/** Keeps its function alive, and the object that the function is called on. */
export class StrongReceiver extends ConnectedReceiver {
  readonly #receiver: AnyReceiver;
  readonly #thisArg: object | undefined;

  constructor(list: SenderReceivers, { receiver, thisArg, key, once }: ConnectRequest) {
    super(list, key, once);
    this.#receiver = receiver;
    this.#thisArg = thisArg;
  }

  receiver(): AnyReceiver {
    return this.#receiver;
  }

  thisArg(): object | undefined {
    return this.#thisArg;
  }
}
