import type { SenderReceivers } from './sender-receivers.js';

/**
 * What the world outside a signal holds of a connected receiver: undo functions, abort signals and
 * the finalization registry. If they held the connected receiver they would keep the function alive,
 * and with it the sender that receivers so often close over (D-041).
 */
export class ReceiverHandle {
  // A WeakRef to each connected receiver would take longer to make than all the rest of connect()
  // does. Those for one sender share a WeakRef to their list, where each is found by its order.
  readonly #list: WeakRef<SenderReceivers>;
  readonly #order: number;

  constructor(list: WeakRef<SenderReceivers>, order: number) {
    this.#list = list;
    this.#order = order;
  }

  /** Disconnects; false when that had happened before, be it together with the sender's end. */
  disconnect(): boolean {
    return this.#list.deref()?.ofOrder(this.#order)?.disconnect() ?? false;
  }
}
