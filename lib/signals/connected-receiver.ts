import { type IdentityKey, weakKey } from './identity-key.js';
import type { Lifetime } from './lifetime.js';
import type { Once } from './once.js';
import type { AnyReceiver } from './receiver.js';
import { ReceiverHandle } from './receiver-handle.js';
import type { SenderReceivers } from './sender-receivers.js';
import type { Signal } from './signal.js';

let newest = 0;

/** The order of the newest connected receiver of any signal. */
export function newestOrder(): number {
  return newest;
}

/** Sorts connected receivers, the oldest first. */
export function byOrder(a: ConnectedReceiver, b: ConnectedReceiver): number {
  return a.order - b.order;
}

/** One receiver, as it is connected to one signal. */
export abstract class ConnectedReceiver {
  /** Rises with every connect to any signal, and so tells which of two is older. */
  readonly order: number = ++newest;
  /**
   * The identity under which its list has it. That is the receiver itself where the signal keeps
   * it alive anyway, which saves most connects the making of a stand-in.
   */
  readonly listedUnder: IdentityKey;
  readonly #list: SenderReceivers;
  readonly #once: Once | undefined;
  #lifetime: Lifetime | undefined;

  constructor(list: SenderReceivers, listedUnder: IdentityKey, once: Once | undefined) {
    this.listedUnder = listedUnder;
    this.#list = list;
    this.#once = once;
  }

  /** The function, or `undefined` once it is dead. */
  abstract receiver(): AnyReceiver | undefined;

  /** What the function is called with as `this`. */
  abstract thisArg(): object | undefined;

  /** The signal that it is connected to. */
  get signal(): Signal<object> {
    return this.#list.signal;
  }

  /**
   * Its identity among the receivers for the same sender: the uid where it has one, else an object
   * that keeps nothing alive. It is the same whether the receiver is connected weakly or not.
   */
  get key(): IdentityKey {
    return weakKey(this.listedUnder);
  }

  /** The sender as it is known to the signal, as long as it lives; none for any sender. */
  get sender(): unknown {
    return this.#list.sender;
  }

  /** The sender where it is a primitive, as a model's name is. */
  primitiveSender(): unknown {
    return this.#list.primitive;
  }

  /** What the world outside the signal may hold of it. */
  handle(): ReceiverHandle {
    return new ReceiverHandle(this.#list.weakly(), this.order);
  }

  /** Has `lifetime` released when it is disconnected. */
  limitTo(lifetime: Lifetime): void {
    this.#lifetime = lifetime;
  }

  /** The function if it is to be called now. One that is called `once` can be claimed once. */
  claim(): AnyReceiver | undefined {
    const receiver = this.receiver();
    if (this.#once === undefined || receiver === undefined) return receiver;
    return this.#once.claim() ? receiver : undefined;
  }

  /** Disconnects; false when that had happened before. */
  disconnect(): boolean {
    if (!this.#list.remove(this)) return false;
    this.#lifetime?.release();
    return true;
  }
}
