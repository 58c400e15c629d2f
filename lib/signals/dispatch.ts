import { isNativeError } from 'node:util/types';
import { AsyncReceiverError, InvalidArgumentError, NonErrorThrownError } from '../errors.js';
import { logger } from '../logger.js';
import type { Connection, SignalIdentity } from './connection.js';
import type { ConnectionTable } from './connection-table.js';
import type { AnyReceiver } from './hold.js';
import { isAnythingMuted, withoutSuppressed } from './muting.js';
import { receiverName } from './receiver-name.js';

/** What a receiver returned, or in the robust forms the error that it threw (D-052, D-069). */
export type ReceiverResponse = [receiver: AnyReceiver, response: unknown];

/** How a call ended: with a response, or with what was thrown. */
interface SettledCall {
  readonly receiver: AnyReceiver;
  readonly outcome: unknown;
  readonly ok: boolean;
}

/** One send of one signal. */
export class Sending {
  readonly signal: SignalIdentity;
  readonly sender: unknown;
  readonly payload: object;
  readonly #table: ConnectionTable;
  // Never handed out. Copying it is several times faster than putting together each event anew.
  #event: object | undefined;

  constructor(
    signal: SignalIdentity,
    table: ConnectionTable,
    sender: unknown,
    payload: object = {},
  ) {
    this.signal = signal;
    this.sender = sender;
    this.payload = payload;
    this.#table = table;
  }

  /**
   * Checks the payload and takes the snapshot of the connections that are to be called (D-023,
   * D-031). It is not done in the constructor, so that an asynchronous form rejects.
   */
  begin(): readonly Connection[] {
    checkPayload(this.signal, this.payload);
    const connections = this.#table.connectionsFor(this.sender);
    return isAnythingMuted() ? withoutSuppressed(connections, this) : connections;
  }

  /** Calls a receiver with an event of its own: what one changes, the next does not see (J-08). */
  call(connection: Connection, receiver: AnyReceiver): unknown {
    this.#event ??= { signal: this.signal, sender: this.sender, ...this.payload };
    return receiver.call(connection.thisArg() as never, { ...this.#event } as never);
  }

  /** Calls a receiver that must not return a promise (J-03). */
  callSync(connection: Connection, receiver: AnyReceiver): unknown {
    const response = this.call(connection, receiver);
    if (!isThenable(response)) return response;

    // The caller learns of the promise by the error below, and of its rejection by nothing.
    response.then(undefined, () => {});
    throw new AsyncReceiverError(
      `${this.#describe(receiver)} returned a promise, which a synchronous send cannot wait for. ` +
        'Use send() or sendRobust() instead.',
    );
  }

  /** Logs a failure and returns the error that takes the place of the response (D-071). */
  failure(receiver: AnyReceiver, thrown: unknown): Error {
    const error = this.#asError(receiver, thrown);
    logger().error(`${this.#describe(receiver)} failed: ${error.message}`, error);
    return error;
  }

  /** The error of a concurrent send in which several receivers failed. */
  failedTogether(failed: readonly SettledCall[]): AggregateError {
    const names = failed.map(({ receiver }) => `"${receiverName(receiver)}"`).join(', ');
    return new AggregateError(
      failed.map(({ outcome }) => outcome),
      `${failed.length} receivers of ${this.signal.name} failed: ${names}. See "errors".`,
    );
  }

  #asError(receiver: AnyReceiver, thrown: unknown): Error {
    if (thrown instanceof Error || isNativeError(thrown)) return thrown;
    const message = `${this.#describe(receiver)} threw a value that is not an Error; see "cause".`;
    return new NonErrorThrownError(message, { cause: thrown });
  }

  #describe(receiver: AnyReceiver): string {
    return `${this.signal.name} receiver "${receiverName(receiver)}"`;
  }
}

/** One after another; the first error ends it. Awaits only what is a promise, for speed. */
export async function sendInOrder(sending: Sending): Promise<ReceiverResponse[]> {
  const responses: ReceiverResponse[] = [];
  for (const connection of sending.begin()) {
    const receiver = connection.claim();
    if (receiver === undefined) continue;
    const response = sending.call(connection, receiver);
    responses.push([receiver, isThenable(response) ? await response : response]);
  }
  return responses;
}

/** One after another; an error takes the place of the response. */
export async function sendInOrderRobust(sending: Sending): Promise<ReceiverResponse[]> {
  const responses: ReceiverResponse[] = [];
  for (const connection of sending.begin()) {
    const receiver = connection.claim();
    if (receiver === undefined) continue;
    try {
      const response = sending.call(connection, receiver);
      responses.push([receiver, isThenable(response) ? await response : response]);
    } catch (thrown) {
      responses.push([receiver, sending.failure(receiver, thrown)]);
    }
  }
  return responses;
}

/** As `sendInOrder`, for receivers that return no promise. */
export function sendSync(sending: Sending): ReceiverResponse[] {
  const responses: ReceiverResponse[] = [];
  for (const connection of sending.begin()) {
    const receiver = connection.claim();
    if (receiver !== undefined) responses.push([receiver, sending.callSync(connection, receiver)]);
  }
  return responses;
}

/** As `sendInOrderRobust`, for receivers that return no promise. */
export function sendRobustSync(sending: Sending): ReceiverResponse[] {
  const responses: ReceiverResponse[] = [];
  for (const connection of sending.begin()) {
    const receiver = connection.claim();
    if (receiver === undefined) continue;
    try {
      responses.push([receiver, sending.callSync(connection, receiver)]);
    } catch (thrown) {
      responses.push([receiver, sending.failure(receiver, thrown)]);
    }
  }
  return responses;
}

/** All together; errors are thrown once every receiver has settled (J-04). */
export async function sendTogether(sending: Sending): Promise<ReceiverResponse[]> {
  const calls = await callAll(sending);
  const failed = calls.filter(({ ok }) => !ok);

  const [first, ...others] = failed;
  if (first === undefined) return calls.map(({ receiver, outcome }) => [receiver, outcome]);
  throw others.length === 0 ? first.outcome : sending.failedTogether(failed);
}

/** All together; an error takes the place of the response. */
export async function sendTogetherRobust(sending: Sending): Promise<ReceiverResponse[]> {
  const calls = await callAll(sending);
  return calls.map(({ receiver, outcome, ok }) => [
    receiver,
    ok ? outcome : sending.failure(receiver, outcome),
  ]);
}

/** Starts all receivers in connection order and waits for every one of them. */
function callAll(sending: Sending): Promise<SettledCall[]> {
  const calls = sending.begin().flatMap((connection) => {
    const receiver = connection.claim();
    return receiver === undefined ? [] : [settle(sending, connection, receiver)];
  });
  return Promise.all(calls);
}

async function settle(
  sending: Sending,
  connection: Connection,
  receiver: AnyReceiver,
): Promise<SettledCall> {
  try {
    return { receiver, outcome: await sending.call(connection, receiver), ok: true };
  } catch (thrown) {
    return { receiver, outcome: thrown, ok: false };
  }
}

function checkPayload(signal: SignalIdentity, payload: unknown): void {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
    throw new InvalidArgumentError(
      `The payload of ${signal.name} must be an object, as in send(sender, { order }).`,
    );
  }
  if ('signal' in payload || 'sender' in payload) {
    throw new InvalidArgumentError(
      `The payload of ${signal.name} must not have the keys "signal" and "sender": ` +
        'every event has them anyway. Rename yours.',
    );
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return 'then' in value && typeof value.then === 'function';
}
