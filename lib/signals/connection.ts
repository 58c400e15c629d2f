import { type Abortable, unwatchAbort, watchAbort } from './abort-watch.js';
import { type AnyReceiver, type Hold, hold } from './hold.js';
import type { IdentityKey } from './identity-key.js';

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
export interface ConnectionHome {
  /** The sender where it is a primitive. */
  readonly primitive: unknown;
  /** Forgets the connection; false when it was not there. */
  remove(connection: Connection): boolean;
}

let newestOrder = 0;

/** The order number of the newest connection of any signal. */
export function newestConnectionOrder(): number {
  return newestOrder;
}

/** One receiver connected to one signal. */
export class Connection {
  /** The signal it belongs to. */
  readonly signal: SignalIdentity;
  /** Rises with every connection of any signal, and so tells which of two is older. */
  readonly order: number = ++newestOrder;
  /** Its identity among the connections for the same sender; the uid itself where it has one. */
  readonly key: IdentityKey;
  /** What the world outside the signal may hold of it. */
  readonly handle: ConnectionHandle;
  readonly #home: ConnectionHome;
  readonly #hold: Hold;
  readonly #once: boolean;
  #spent = false;

  constructor(signal: SignalIdentity, home: ConnectionHome, request: ConnectionRequest) {
    this.signal = signal;
    this.key = request.key;
    this.#home = home;
    this.#hold = hold(request.receiver, request.thisArg, request.weak);
    this.#once = request.once;
    this.handle = new ConnectionHandle(this, this.#hold.mortal(), request.abortSignal);
  }

  /** The receiver, or `undefined` once it is dead. */
  receiver(): AnyReceiver | undefined {
    return this.#hold.receiver();
  }

  /** The sender where it is a primitive, as a model's name is. */
  primitiveSender(): unknown {
    return this.#home.primitive;
  }

  /** What the receiver is called with as `this`. */
  thisArg(): object | undefined {
    return this.#hold.thisArg();
  }

  /** The receiver if it is to be called now. One that is called `once` can be claimed once. */
  claim(): AnyReceiver | undefined {
    const receiver = this.#hold.receiver();
    if (!this.#once || receiver === undefined) return receiver;

    // An overlapping send has this connection in its snapshot though it was disconnected.
    if (this.#spent) return undefined;
    this.#spent = true;
    this.disconnect();
    return receiver;
  }

  /** Ends the connection; false when it had ended before. */
  disconnect(): boolean {
    if (!this.#home.remove(this)) return false;
    this.handle.release();
    return true;
  }
}

// Handles refer to their connections weakly: this keeps neither receivers nor senders alive.
const liveHandles = new Set<ConnectionHandle>();

// Tells of dead receivers, and of connections that were collected with their sender or signal.
const collected = new FinalizationRegistry<ConnectionHandle>((handle) => handle.disconnect());

/** The connections of all signals, oldest first, without those whose receivers are dead. */
export function liveConnections(): Connection[] {
  return [...liveHandles].flatMap((handle) => {
    const connection = handle.connection();
    return connection?.receiver() === undefined ? [] : [connection];
  });
}

/**
 * What the world outside a signal holds of a connection: undo functions, abort signals and the
 * finalization registry. If they held the connection itself they would keep its receiver alive,
 * and with it the sender that receivers so often close over (D-041).
 */
export class ConnectionHandle implements Abortable {
  readonly #connection: WeakRef<Connection>;
  readonly #abortSignal: AbortSignal | undefined;

  constructor(
    connection: Connection,
    mortal: object | undefined,
    abortSignal: AbortSignal | undefined,
  ) {
    this.#connection = new WeakRef(connection);
    this.#abortSignal = abortSignal;
    liveHandles.add(this);
    collected.register(connection, this, this);
    if (mortal !== undefined) collected.register(mortal, this, this);
    if (abortSignal !== undefined) watchAbort(abortSignal, this);
  }

  /** The connection, unless it was collected together with its sender or its signal. */
  connection(): Connection | undefined {
    return this.#connection.deref();
  }

  /** Ends the connection; false when it had ended before. */
  disconnect(): boolean {
    const connection = this.#connection.deref();
    if (connection !== undefined) return connection.disconnect();
    this.release();
    return false;
  }

  /** Lets go of everything that refers to this handle, so that nothing piles up (D-043). */
  release(): void {
    liveHandles.delete(this);
    collected.unregister(this);
    if (this.#abortSignal !== undefined) unwatchAbort(this.#abortSignal, this);
  }
}
