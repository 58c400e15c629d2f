import {
  AsyncReceiverError,
  functionName,
  InvalidArgumentError,
  isError,
  isThenable,
  logger,
  NonErrorThrownError,
  placeInStack,
  textOf,
} from '../base/index.js';
import type { ConnectedReceiver } from './connected-receiver.js';
import { describeReceiver, type ReceiverCall } from './describe-receiver.js';
import { isAnythingMuted, withoutSuppressed } from './muting.js';
import type { AnyReceiver } from './receiver.js';
import type { ReceiverTable } from './receiver-table.js';
import type { Signal } from './signal.js';

/** A receiver with what it returned, or in the robust forms with the error that it threw. */
export type ReceiverResponse = [receiver: AnyReceiver, response: unknown];

/** A receiver that has returned a promise. */
export interface PendingCall extends ReceiverCall {
  readonly promise: PromiseLike<unknown>;
}

/** One send of one signal. */
export class Sending {
  readonly table: ReceiverTable;
  readonly signal: Signal<object>;
  readonly sender: unknown;
  readonly payload: object;
  #receivers: readonly ConnectedReceiver[] | undefined;
  #next = 0;
  // Receivers get copies of it. To copy is much faster than to put each event together anew.
  #event: object | undefined;
  #responses: ReceiverResponse[] | undefined;

  constructor(table: ReceiverTable, sender: unknown, payload: object = {}) {
    this.table = table;
    this.signal = table.signal;
    this.sender = sender;
    this.payload = payload;
  }

  /** What the receivers called so far have responded, in connection order (D-052). */
  get responses(): ReceiverResponse[] {
    return this.#responses ?? [];
  }

  /**
   * Checks the payload and returns the receivers that are connected now: what they connect and
   * disconnect is for later sends (D-023, D-031). The constructor does not check, so that the
   * asynchronous forms reject and do not throw.
   */
  begin(): readonly ConnectedReceiver[] {
    checkPayload(this.signal, this.payload);
    const receivers = this.table.receiversFor(this.sender);
    return isAnythingMuted() ? withoutSuppressed(receivers, this) : receivers;
  }

  /**
   * Calls the receivers that are left, up to the first that returns a promise: its response is
   * for the caller to add. Nothing is awaited as long as no receiver asks for it.
   */
  proceed(robust: boolean): PendingCall | undefined {
    this.#receivers ??= this.begin();
    // V8 cannot see into a receiver, and so would read the field anew after each call of one.
    const receivers = this.#receivers;
    const last = receivers.length - 1;
    for (let at = this.#next; at <= last; at += 1) {
      const connected = receivers[at] as ConnectedReceiver;
      const receiver = connected.claim();
      if (receiver === undefined) continue;
      try {
        // The last to be called gets the original. Most sends have but one receiver.
        const own = at === last ? this.#original() : { ...this.#original() };
        const response = receiver.call(connected.thisArg() as never, own as never);
        if (isThenable(response)) {
          this.#next = at + 1;
          return { connected, receiver, promise: response };
        }
        this.respond(receiver, response);
      } catch (thrown) {
        if (!robust) throw thrown;
        this.respond(receiver, this.failure({ connected, receiver }, thrown));
      }
    }
    return undefined;
  }

  /** Calls a receiver with an event of its own: what it changes there no other sees (J-08). */
  call(connected: ConnectedReceiver, receiver: AnyReceiver): unknown {
    return receiver.call(connected.thisArg() as never, { ...this.#original() } as never);
  }

  /** Adds the response of the receiver that was called last. */
  respond(receiver: AnyReceiver, response: unknown): void {
    // The first push onto an empty array makes room for 17 elements.
    if (this.#responses === undefined) this.#responses = [[receiver, response]];
    else this.#responses.push([receiver, response]);
  }

  #original(): object {
    this.#event ??= { signal: this.signal, sender: this.sender, ...this.payload };
    return this.#event;
  }

  /** Logs that a receiver failed, and returns the error that becomes its response (D-071). */
  failure(call: ReceiverCall, thrown: unknown): Error {
    const error = asError(call, thrown);
    const place = placeInStack(thrown, functionName(call.receiver));
    logger().error(`${describeReceiver(call, place)} failed: ${textOf(error)}`, error);
    return error;
  }

  /** The error for a receiver that returned a promise to a synchronous send (J-03). */
  refusal(call: PendingCall): AsyncReceiverError {
    // The error is all that the caller is told. Should the promise reject, nobody else handles it,
    // and that would end the process.
    ignoreRejection(call.promise);
    return new AsyncReceiverError(
      `${describeReceiver(call)} returned a promise, which a synchronous send cannot await. ` +
        'Use send() or sendRobust().',
    );
  }

  /** The error for several receivers that failed together; one that fails alone needs none. */
  failedTogether(receivers: readonly AnyReceiver[], thrown: readonly unknown[]): AggregateError {
    const names = receivers.map((receiver) => `"${functionName(receiver)}"`).join(', ');
    return new AggregateError(
      thrown,
      `${receivers.length} receivers of ${this.signal.name} failed: ${names}. See "errors".`,
    );
  }
}

function asError(call: ReceiverCall, thrown: unknown): Error {
  if (isError(thrown)) return thrown;
  const message = `${describeReceiver(call)} threw something that is not an Error. See "cause".`;
  return new NonErrorThrownError(message, { cause: thrown });
}

/** Even to look at a promise may throw, as its `constructor` may be a getter. */
function ignoreRejection(promise: PromiseLike<unknown>): void {
  const settled = async () => await promise;
  settled().catch(() => {});
}

function checkPayload(signal: Signal<object>, payload: unknown): void {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
    throw new InvalidArgumentError(
      `The payload of ${signal.name} must be an object, as in send(sender, { order }).`,
    );
  }
  if ('signal' in payload || 'sender' in payload) {
    throw new InvalidArgumentError(
      `The payload of ${signal.name} has a key "signal" or "sender". Rename it: every event has ` +
        'these two of its own.',
    );
  }
}
