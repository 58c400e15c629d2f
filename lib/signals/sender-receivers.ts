import { isObject } from '../base/index.js';
import type { ConnectedReceiver } from './connected-receiver.js';
import { type IdentityKey, knownStandIn } from './identity-key.js';
import { trackReceiversOf } from './live-receivers.js';
import type { ReceiverTable } from './receiver-table.js';
import type { Signal } from './signal.js';

/** A list of the receivers for one sender, or for any sender, in the order of their connects. */
export class SenderReceivers {
  /** The sender where it is a primitive. Any other sender is left out: it must be free to die. */
  readonly primitive: unknown;
  readonly #sender: WeakRef<object> | undefined;
  readonly #table: ReceiverTable;
  readonly #byIdentity = new Map<IdentityKey, ConnectedReceiver>();
  #byOrder: Map<number, ConnectedReceiver> | undefined;
  #snapshot: readonly ConnectedReceiver[] | undefined;
  #weakly: WeakRef<SenderReceivers> | undefined;

  constructor(table: ReceiverTable, sender?: unknown) {
    this.#table = table;
    if (isObject(sender)) this.#sender = new WeakRef(sender);
    else this.primitive = sender;
  }

  /** The sender, as long as it lives; none for any sender. */
  get sender(): unknown {
    return this.#sender ? this.#sender.deref() : this.primitive;
  }

  get signal(): Signal<object> {
    return this.#table.signal;
  }

  get size(): number {
    return this.#byIdentity.size;
  }

  /** Finds the receiver of an identity, be it listed under its own key or under its stand-in. */
  get(key: IdentityKey): ConnectedReceiver | undefined {
    const known = this.#byIdentity.get(key);
    if (known !== undefined) return known;

    const standIn = knownStandIn(key);
    return standIn && this.#byIdentity.get(standIn);
  }

  /** Finds the receiver with an order number. */
  ofOrder(order: number): ConnectedReceiver | undefined {
    // The map is not made before it is asked for: most undo functions are never called.
    this.#byOrder ??= new Map(this.snapshot().map((connected) => [connected.order, connected]));
    return this.#byOrder.get(order);
  }

  add(connected: ConnectedReceiver): void {
    // Has the list tracked, which is not worth it before: most lists for any sender stay empty.
    this.weakly();
    this.#byIdentity.set(connected.listedUnder, connected);
    this.#byOrder?.set(connected.order, connected);
    this.#changed();
  }

  /** Forgets a receiver; false when it was not there. */
  remove(connected: ConnectedReceiver): boolean {
    // The same receiver may have been connected anew, and that is not the one to be forgotten.
    if (this.#byIdentity.get(connected.listedUnder) !== connected) return false;

    this.#byIdentity.delete(connected.listedUnder);
    this.#byOrder?.delete(connected.order);
    this.#changed();
    return true;
  }

  /** True when at least one receiver is alive. */
  hasReceivers(): boolean {
    for (const connected of this.#byIdentity.values()) {
      if (connected.receiver() !== undefined) return true;
    }
    return false;
  }

  /** The receivers as they are now, in an array that never changes. */
  snapshot(): readonly ConnectedReceiver[] {
    this.#snapshot ??= [...this.#byIdentity.values()];
    return this.#snapshot;
  }

  /** The one weak reference to this list, for all who must not keep it alive. */
  weakly(): WeakRef<SenderReceivers> {
    this.#weakly ??= trackReceiversOf(this);
    return this.#weakly;
  }

  #changed(): void {
    this.#snapshot = undefined;
    this.#table.listChanged(this);
  }
}
