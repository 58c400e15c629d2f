import type { ConnectRequest } from './connect-request.js';
import { ConnectedReceiver } from './connected-receiver.js';
import { weakKey } from './identity-key.js';
import type { AnyReceiver } from './receiver.js';
import type { SenderReceivers } from './sender-receivers.js';

/** Lives no longer than its function, which it does not keep alive. */
export class WeakReceiver extends ConnectedReceiver {
  readonly #receiver: WeakRef<AnyReceiver>;

  constructor(list: SenderReceivers, { receiver, key, once }: ConnectRequest) {
    super(list, weakKey(key), once);
    this.#receiver = new WeakRef(receiver);
  }

  receiver(): AnyReceiver | undefined {
    return this.#receiver.deref();
  }

  thisArg(): undefined {
    return undefined;
  }
}
