import type { AnyReceiver } from './any-receiver.js';
import { Connection, type ConnectionHome, type ConnectionRequest } from './connection.js';
import { weakKey } from './identity-key.js';
import { Lifeline } from './lifeline.js';

/** Makes the connection that the options of a connect ask for. */
export function makeConnection(home: ConnectionHome, request: ConnectionRequest): Connection {
  const { receiver, thisArg, weak, abortSignal } = request;
  // Nothing watches over most connections, which makes them cheap.
  if (!weak && abortSignal === undefined) return new StrongConnection(home, request);

  const connection = connectionOfItsKind(home, request);
  const mortal = weak ? (thisArg ?? receiver) : undefined;
  connection.dependOn(new Lifeline(connection, mortal, abortSignal));
  return connection;
}

function connectionOfItsKind(home: ConnectionHome, request: ConnectionRequest): Connection {
  const { thisArg, weak } = request;
  if (!weak) return new StrongConnection(home, request);
  return thisArg === undefined
    ? new WeakConnection(home, request)
    : new LifelongConnection(home, request, thisArg);
}

/** Keeps its receiver alive, and the object that the receiver is called on. */
class StrongConnection extends Connection {
  readonly #receiver: AnyReceiver;
  readonly #thisArg: object | undefined;

  constructor(home: ConnectionHome, { receiver, thisArg, key, once }: ConnectionRequest) {
    super(home, key, once);
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

/** Lives no longer than its receiver. */
class WeakConnection extends Connection {
  readonly #receiver: WeakRef<AnyReceiver>;

  constructor(home: ConnectionHome, { receiver, key, once }: ConnectionRequest) {
    super(home, weakKey(key), once);
    this.#receiver = new WeakRef(receiver);
  }

  receiver(): AnyReceiver | undefined {
    return this.#receiver.deref();
  }

  thisArg(): undefined {
    return undefined;
  }
}

/** Holds a receiver for exactly as long as an object lives, as Django does a bound method (D-036). */
class LifelongConnection extends Connection {
  readonly #thisArg: WeakRef<object>;
  // The receiver may be bound to the object or close over it. A plain reference to it would then
  // keep the object alive for ever, and a WeakRef would lose a function that nobody else has; an
  // entry of a WeakMap does neither.
  readonly #receiverByThis: WeakMap<object, AnyReceiver>;

  constructor(home: ConnectionHome, { receiver, key, once }: ConnectionRequest, thisArg: object) {
    super(home, key, once);
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
