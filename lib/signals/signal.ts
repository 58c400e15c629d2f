import { checkOptions, NAME, type OptionRules } from '../base/index.js';
import type { ConnectOptions, DisconnectOptions } from './connect-options.js';
import { connectRequest, requestedKey } from './connect-request.js';
import {
  sendInOrder,
  sendInOrderRobust,
  sendInOrderRobustWithin,
  sendOneByOne,
  sendOneByOneLogged,
  sendRobustSync,
  sendSync,
  sendTogether,
  sendTogetherRobust,
} from './dispatch.js';
import { givenSenders } from './given-senders.js';
import { hasUnmutedReceivers, isAnythingMuted } from './muting.js';
import type { Decided, PayloadArgument } from './payload.js';
import type { AnyReceiver, Receiver } from './receiver.js';
import { ReceiverTable } from './receiver-table.js';
import { BY_IDENTITY, type SenderNames } from './sender-names.js';
import { type ReceiverResponse, Sending } from './sending.js';
import { type Undo, undoOf, undoOfAll } from './undo.js';

/** The options of a new signal. */
export interface SignalOptions {
  /**
   * Tells signals apart in messages and logs.
   *
   * @defaultValue 'signal'
   */
  readonly name?: string | undefined;
}

const SIGNAL_RULES: OptionRules = {
  name: NAME,
};

// The rest of the library may ask more of a signal than its users: by the functions at the end of
// this file, which see the private receivers through this, and not by public members.
let tableOf: (signal: Signal<object>) => ReceiverTable;

/**
 * Something that happens, and the functions that want to be told of it.
 *
 * @remarks
 * Receivers are called in the order in which they were connected, those of one sender and those
 * of any sender together. A send calls the receivers that are connected when it begins: one that
 * connects meanwhile waits for the next send, and one that disconnects meanwhile is still called.
 * Receivers may send the same signal again.
 *
 * @example
 * ```ts
 * import { Signal } from 'sequelize-signals';
 *
 * const orderPaid = new Signal<{ total: number }>({ name: 'orderPaid' });
 *
 * orderPaid.connect(async ({ total, sender }) => `${sender} owes nothing of ${total}`);
 * orderPaid.send('shop', { total: 12 }).then(([pair]) => pair?.[1]);
 * ```
 * @typeParam Payload - what a send passes to the receivers, by key.
 */
export class Signal<Payload extends object = object> {
  /** The name in messages and logs. */
  readonly name: string;
  readonly #receivers: ReceiverTable;

  static {
    tableOf = (signal) => signal.#receivers;
  }

  /** @throws {@link InvalidArgumentError} when an option is unknown or of the wrong kind. */
  constructor(options: SignalOptions = {}) {
    checkOptions('new Signal()', options, SIGNAL_RULES);
    this.name = options.name ?? 'signal';
    this.#receivers = new ReceiverTable(this, this.senderNames());
  }

  /**
   * Has `receiver` called with every send from now on, or with every send of one `sender`, or of
   * those in an array.
   *
   * @remarks
   * A connection is known by its sender and its `dispatchUid`, or without one by its receiver and
   * `thisArg`. Connecting what is connected already changes nothing: the first connection stays,
   * in its place. A receiver connected both for a sender and for any is called twice. An array of
   * senders makes a connection for each of them; a sender that is an array itself is put into one.
   *
   * The signal keeps receivers alive, but never senders: the connections of a sender that is
   * garbage collected end with it. With `weak` the connection lets go of the receiver as well.
   *
   * @example
   * ```ts
   * import { Signal } from 'sequelize-signals';
   *
   * class Order {
   *   total = 0;
   * }
   * const orderPaid = new Signal<{ order: Order }>({ name: 'orderPaid' });
   *
   * const undo = orderPaid.connect(({ order }) => order.total, { sender: Order });
   * undo();
   * ```
   * @returns a function that undoes this very connect, and nothing that came after it.
   * @throws {@link InvalidArgumentError} when the receiver is not a function, or an option is
   * unknown or of the wrong kind. A `sender` that is given as `undefined` is refused too: an import
   * in a circle gives that, and the receiver would hear everyone. Nothing is connected then.
   */
  connect<Sender = unknown, This = void>(
    receiver: Receiver<Payload, Decided<Sender>, Decided<This>>,
    options?: ConnectOptions<Sender, This>,
  ): Undo;
  connect(receiver: AnyReceiver, options: ConnectOptions = {}): Undo {
    const request = connectRequest(receiver, options);
    const senders = givenSenders('connect()', options);
    if (request.abortSignal?.aborted) return undoOf(undefined);

    const connect = (sender: unknown) => this.#receivers.connect(sender, request)?.handle();
    if (senders.length === 1) return undoOf(connect(senders[0]));
    return undoOfAll(senders.flatMap((sender) => connect(sender) ?? []));
  }

  /**
   * Ends one connection, or for an array of senders that of each, and tells whether there was any.
   *
   * @remarks
   * It takes what `connect` was given: the same `sender`, and the same `dispatchUid` or else the
   * same receiver and `thisArg`. With a `dispatchUid` the receiver does not matter and may be left
   * out; a connection that has one is not found without it.
   *
   * @throws {@link InvalidArgumentError} when the receiver is anything but a function, or an option
   * is unknown or of the wrong kind.
   */
  disconnect(receiver?: AnyReceiver | null, options: DisconnectOptions = {}): boolean {
    const key = requestedKey(receiver, options);
    const senders = givenSenders('disconnect()', options);
    if (key === undefined) return false;

    const ended = senders.map((sender) => this.#receivers.disconnect(sender, key));
    return ended.includes(true);
  }

  /**
   * Tells whether a send by `sender` would call anyone. Without a sender it tells whether there
   * is a receiver for any sender.
   */
  hasListeners(sender?: unknown): boolean {
    return isAnythingMuted()
      ? hasUnmutedReceivers(this.#receivers, sender)
      : this.#receivers.hasReceivers(sender);
  }

  /**
   * Calls the receivers one after another, each when the one before has settled, and resolves to
   * their responses in that order. Each gets an event of its own: `{ signal, sender, ...payload }`.
   *
   * @remarks
   * The first error ends the send and rejects it, as it was thrown; later receivers are not called.
   * It never throws: wrong arguments reject too.
   *
   * @throws {@link InvalidArgumentError} when the payload is not an object or has a key `signal` or
   * `sender`. No receiver is called then.
   */
  send(sender: unknown, ...[payload]: PayloadArgument<Payload>): Promise<ReceiverResponse[]> {
    return sendInOrder(this.#sending(sender, payload));
  }

  /**
   * As `send`, but calls every receiver: an error becomes the response of the one that failed.
   *
   * @remarks
   * Each error is logged once, through the logger set with `configure`. What is thrown without
   * being an `Error` becomes the `cause` of a {@link NonErrorThrownError}.
   *
   * @throws {@link InvalidArgumentError} as `send` does.
   */
  sendRobust(sender: unknown, ...[payload]: PayloadArgument<Payload>): Promise<ReceiverResponse[]> {
    return sendInOrderRobust(this.#sending(sender, payload));
  }

  /**
   * As `send`, for receivers that are synchronous, and returns at once.
   *
   * @throws {@link AsyncReceiverError} when a receiver returns a promise. Its rejection, should
   * there be one, is ignored.
   * @throws {@link InvalidArgumentError} as `send` does.
   */
  sendSync(sender: unknown, ...[payload]: PayloadArgument<Payload>): ReceiverResponse[] {
    return sendSync(this.#sending(sender, payload));
  }

  /**
   * As `sendRobust`, for receivers that are synchronous, and returns at once. The response of a
   * receiver that returns a promise is an {@link AsyncReceiverError}.
   *
   * @throws {@link InvalidArgumentError} as `send` does.
   */
  sendRobustSync(sender: unknown, ...[payload]: PayloadArgument<Payload>): ReceiverResponse[] {
    return sendRobustSync(this.#sending(sender, payload));
  }

  /**
   * Calls all receivers together, in connection order and without waiting for one another, and
   * resolves to their responses in that order.
   *
   * @remarks
   * It waits for every receiver to settle, also when one fails. Then a single error rejects it as
   * it was thrown, and several as an `AggregateError`. Receivers that share a database transaction
   * are better off with `send`: the transaction has but one connection.
   *
   * @throws {@link InvalidArgumentError} as `send` does.
   */
  asend(sender: unknown, ...[payload]: PayloadArgument<Payload>): Promise<ReceiverResponse[]> {
    return sendTogether(this.#sending(sender, payload));
  }

  /**
   * As `asend`, but never fails for a receiver: errors become responses, and are logged, as with
   * `sendRobust`.
   *
   * @throws {@link InvalidArgumentError} as `send` does.
   */
  asendRobust(
    sender: unknown,
    ...[payload]: PayloadArgument<Payload>
  ): Promise<ReceiverResponse[]> {
    return sendTogetherRobust(this.#sending(sender, payload));
  }

  /** How this kind of signal knows senders. Asked once, by the constructor. */
  protected senderNames(): SenderNames {
    return BY_IDENTITY;
  }

  /** Sends as `send` does, and awaits `afterEach` behind each receiver, before the next is called. */
  protected sendOneByOne(
    sender: unknown,
    payload: Payload,
    afterEach: (receiver: AnyReceiver) => Promise<void>,
  ): Promise<void> {
    return sendOneByOne(this.#sending(sender, payload), afterEach);
  }

  /** As `sendOneByOne`, but logs the error that ends it; resolves to true when there was none. */
  protected sendOneByOneLogged(
    sender: unknown,
    payload: Payload,
    afterEach: (receiver: AnyReceiver) => Promise<void>,
  ): Promise<boolean> {
    return sendOneByOneLogged(this.#sending(sender, payload), afterEach);
  }

  #sending(sender: unknown, payload: Payload | undefined): Sending {
    return new Sending(this.#receivers, sender, payload);
  }
}

/**
 * Whether a receiver is connected for `sender`, or for any sender. Unlike `hasListeners` it counts
 * those that are muted. Whoever sends may ask this to save the work when nobody is connected.
 */
export function hasReceivers(signal: Signal<object>, sender?: unknown): boolean {
  return tableOf(signal).hasReceivers(sender);
}

/** Whether anyone ever connected: the cheapest question that a place with much traffic can ask. */
export function everConnected(signal: Signal<object>): boolean {
  return tableOf(signal).everConnected;
}

/** Sends as `sendRobust` does, with each call of a receiver made by `around`, which awaits it. */
export async function sendRobustWithin<Payload extends object>(
  signal: Signal<Payload>,
  sender: unknown,
  payload: Payload,
  around: (call: () => unknown) => unknown,
): Promise<ReceiverResponse[]> {
  return sendInOrderRobustWithin(new Sending(tableOf(signal), sender, payload), around);
}
