/** A receiver as the machinery sees it: whatever it takes, it is called with one event. */
export type AnyReceiver = (this: never, event: never) => unknown;

/** How a connection holds its receiver, and the object that the receiver is called on. */
export interface Hold {
  /** The object whose death ends the connection; a strong hold has none. */
  mortal(): object | undefined;
  /** The receiver, or `undefined` once it is dead. */
  receiver(): AnyReceiver | undefined;
  /** What the receiver is called with as `this`. */
  thisArg(): object | undefined;
}

/** Chooses the hold that the options of a connect ask for. */
export function hold(receiver: AnyReceiver, thisArg: object | undefined, weak: boolean): Hold {
  if (!weak) return new StrongHold(receiver, thisArg);
  return thisArg === undefined ? new WeakHold(receiver) : new LifelongHold(receiver, thisArg);
}

class StrongHold implements Hold {
  readonly #receiver: AnyReceiver;
  readonly #thisArg: object | undefined;

  constructor(receiver: AnyReceiver, thisArg: object | undefined) {
    this.#receiver = receiver;
    this.#thisArg = thisArg;
  }

  mortal(): undefined {
    return undefined;
  }

  receiver(): AnyReceiver {
    return this.#receiver;
  }

  thisArg(): object | undefined {
    return this.#thisArg;
  }
}

class WeakHold implements Hold {
  readonly #receiver: WeakRef<AnyReceiver>;

  constructor(receiver: AnyReceiver) {
    this.#receiver = new WeakRef(receiver);
  }

  mortal(): object | undefined {
    return this.#receiver.deref();
  }

  receiver(): AnyReceiver | undefined {
    return this.#receiver.deref();
  }

  thisArg(): undefined {
    return undefined;
  }
}

/** Holds a receiver for exactly as long as an object lives, as Django does a bound method (D-036). */
class LifelongHold implements Hold {
  readonly #thisArg: WeakRef<object>;
  // The receiver may be bound to the object or close over it. A plain reference to it would then
  // keep the object alive for ever, and a WeakRef would lose a function that nobody else has; an
  // entry of a WeakMap does neither.
  readonly #receiverByThis: WeakMap<object, AnyReceiver>;

  constructor(receiver: AnyReceiver, thisArg: object) {
    this.#thisArg = new WeakRef(thisArg);
    this.#receiverByThis = new WeakMap([[thisArg, receiver]]);
  }

  mortal(): object | undefined {
    return this.#thisArg.deref();
  }

  receiver(): AnyReceiver | undefined {
    const thisArg = this.#thisArg.deref();
    return thisArg && this.#receiverByThis.get(thisArg);
  }

  thisArg(): object | undefined {
    return this.#thisArg.deref();
  }
}
