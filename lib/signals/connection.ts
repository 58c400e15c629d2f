import type { AnyReceiver } from './any-receiver.js';
import { ConnectionHandle, type Numbered } from './connection-handle.js';
import { type IdentityKey, weakKey } from './identity-key.js';

/** What the machinery needs to know of a signal. */
export interface SignalIdentity {
  readonly name: string;
}

/** All that a connect asks for, except the sender: a connection must not know it (D-041). */
export interface ConnectionRequest {
  readonly receiver: AnyReceiver;
  readonly thisArg: object | undefined;
  readonly key: IdentityKey;
  readonly weak: boolean;
  readonly once: boolean;
  readonly abortSignal: AbortSignal | undefined;
}

/** Where a connection is kept while it is connected. */
export interface ConnectionHome extends Numbered {
  readonly signal: SignalIdentity;
  /** The sender where it is a primitive. */
  readonly primitive: unknown;
  connectionOfOrder(order: number): Connection | undefined;
  /** Forgets the connection; false when it was not there. */
  remove(connection: Connection): boolean;
  /** The home itself, for whoever must not keep it alive. */
  weakly(): WeakRef<ConnectionHome>;
}

/** What a connection depends on, and lets go of when it ends. */
export interface Releasable {
  release(): void;
}

let newestOrder = 0;

/** The order number of the newest connection of any signal. */
export function newestConnectionOrder(): number {
  return newestOrder;
}

/** Sorts connections, the oldest first. */
export function byOrder(a: Connection, b: Connection): number {
  return a.order - b.order;
}

/** One receiver connected to one signal. */
export abstract class Connection {
  /** Rises with every connection of any signal, and so tells which of two is older. */
  readonly order: number = ++newestOrder;
  /** Its key at its home: as `key`, but for the receiver itself where that is kept alive anyway. */
  readonly homeKey: IdentityKey;
  readonly #home: ConnectionHome;
  #calls: 'any number' | 'one' | 'none';
  #lifeline: Releasable | undefined;

  constructor(home: ConnectionHome, homeKey: IdentityKey, once: boolean) {
    this.homeKey = homeKey;
    this.#home = home;
    this.#calls = once ? 'one' : 'any number';
  }

  /** The receiver, or `undefined` once it is dead. */
  abstract receiver(): AnyReceiver | undefined;

  /** What the receiver is called with as `this`. */
  abstract thisArg(): object | undefined;

  /** The signal it belongs to. */
  get signal(): SignalIdentity {
    return this.#home.signal;
  }

  /** Its identity among the connections for the same sender; the uid itself where it has one. */
  get key(): IdentityKey {
    return weakKey(this.homeKey);
  }

  /** The sender where it is a primitive, as a model's name is. */
  primitiveSender(): unknown {
    return this.#home.primitive;
  }

  /** What the world outside the signal may hold of it. */
  handle(): ConnectionHandle {
    return new ConnectionHandle(this.#home.weakly(), this.order);
  }

  /** Has `lifeline` released when the connection ends. */
  dependOn(lifeline: Releasable): void {
    this.#lifeline = lifeline;
  }

  /** The receiver if it is to be called now. One that is called `once` can be claimed once. */
  claim(): AnyReceiver | undefined {
    const receiver = this.receiver();
    if (this.#calls === 'any number' || receiver === undefined) return receiver;

    // An overlapping send has this connection in its snapshot though it was disconnected.
    if (this.#calls === 'none') return undefined;
    this.#calls = 'none';
    this.disconnect();
    return receiver;
  }

  /** Ends the connection; false when it had ended before. */
  disconnect(): boolean {
    if (!this.#home.remove(this)) return false;
    this.#lifeline?.release();
    return true;
  }
}
