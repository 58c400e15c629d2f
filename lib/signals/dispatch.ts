import { isThenable } from '../base/index.js';
import type { ConnectedReceiver } from './connected-receiver.js';
import type { ReceiverCall } from './describe-receiver.js';
import { unwatchPending, watchPending } from './pending-calls.js';
import type { AnyReceiver } from './receiver.js';
import type { PendingCall, ReceiverResponse, Sending } from './sending.js';

/** Calls receivers one after another; the first error ends it. */
export function sendInOrder(sending: Sending): Promise<ReceiverResponse[]> {
  try {
    const pending = sending.proceed(false);
    return pending ? proceedInOrder(sending, pending) : Promise.resolve(sending.responses);
  } catch (thrown) {
    return Promise.reject(thrown);
  }
}

async function proceedInOrder(sending: Sending, first: PendingCall): Promise<ReceiverResponse[]> {
  for (let call: PendingCall | undefined = first; call; call = sending.proceed(false)) {
    watchPending(call);
    try {
      sending.respond(call.receiver, await call.promise);
    } finally {
      unwatchPending(call);
    }
  }
  return sending.responses;
}

/** Does what `sendInOrder` does, and has `afterEach` look at what each receiver left behind. */
export async function sendOneByOne(
  sending: Sending,
  afterEach: (receiver: AnyReceiver) => Promise<void>,
): Promise<void> {
  for (const call of callsOf(sending)) await callOf(sending, call, afterEach);
}

/** As `sendOneByOne`, but logs the error that ends it; true when there was none. */
export async function sendOneByOneLogged(
  sending: Sending,
  afterEach: (receiver: AnyReceiver) => Promise<void>,
): Promise<boolean> {
  for (const call of callsOf(sending)) {
    try {
      await callOf(sending, call, afterEach);
    } catch (thrown) {
      sending.failure(call, thrown);
      return false;
    }
  }
  return true;
}

function* callsOf(sending: Sending): Generator<ReceiverCall> {
  for (const connected of sending.begin()) {
    const receiver = connected.claim();
    if (receiver !== undefined) yield { connected, receiver };
  }
}

async function callOf(
  sending: Sending,
  { connected, receiver }: ReceiverCall,
  afterEach: (receiver: AnyReceiver) => Promise<void>,
): Promise<void> {
  await settled(connected, receiver, sending.call(connected, receiver));
  await afterEach(receiver);
}

/** Calls receivers one after another; an error takes the place of the response. */
export async function sendInOrderRobust(sending: Sending): Promise<ReceiverResponse[]> {
  for (let call = sending.proceed(true); call; call = sending.proceed(true)) {
    const { receiver, promise } = call;
    watchPending(call);
    try {
      sending.respond(receiver, await promise);
    } catch (thrown) {
      sending.respond(receiver, sending.failure(call, thrown));
    } finally {
      unwatchPending(call);
    }
  }
  return sending.responses;
}

/** Does what `sendInOrderRobust` does, with each call made by `around`: its failure is that of the receiver. */
export async function sendInOrderRobustWithin(
  sending: Sending,
  around: (call: () => unknown) => unknown,
): Promise<ReceiverResponse[]> {
  for (const call of callsOf(sending)) {
    const { connected, receiver } = call;
    const make = () => settled(connected, receiver, sending.call(connected, receiver));
    try {
      sending.respond(receiver, await around(make));
    } catch (thrown) {
      sending.respond(receiver, sending.failure(call, thrown));
    }
  }
  return sending.responses;
}

/** Does what `sendInOrder` does, for receivers that return no promise. */
export function sendSync(sending: Sending): ReceiverResponse[] {
  const pending = sending.proceed(false);
  if (pending !== undefined) throw sending.refusal(pending);
  return sending.responses;
}

/** Does what `sendInOrderRobust` does, for receivers that return no promise. */
export function sendRobustSync(sending: Sending): ReceiverResponse[] {
  for (let call = sending.proceed(true); call; call = sending.proceed(true)) {
    const error = sending.failure(call, sending.refusal(call));
    sending.respond(call.receiver, error);
  }
  return sending.responses;
}

/** Calls receivers together; errors are thrown once every receiver has settled (J-04). */
export async function sendTogether(sending: Sending): Promise<ReceiverResponse[]> {
  const calls = await callAll(sending);
  const failed = calls.filter(({ ok }) => !ok);

  const [first, ...others] = failed;
  if (first === undefined) return calls.map(({ receiver, outcome }) => [receiver, outcome]);
  if (others.length === 0) throw first.outcome;
  throw sending.failedTogether(
    failed.map(({ receiver }) => receiver),
    failed.map(({ outcome }) => outcome),
  );
}

/** Calls receivers together; an error takes the place of the response. */
export async function sendTogetherRobust(sending: Sending): Promise<ReceiverResponse[]> {
  const calls = await callAll(sending);
  return calls.map(({ connected, receiver, outcome, ok }) => [
    receiver,
    ok ? outcome : sending.failure({ connected, receiver }, outcome),
  ]);
}

/** How a call ended: with a response, or with what was thrown. */
interface SettledCall extends ReceiverCall {
  readonly outcome: unknown;
  readonly ok: boolean;
}

/** Starts the receivers in connection order and waits for every one of them. */
function callAll(sending: Sending): Promise<SettledCall[]> {
  const calls = sending.begin().flatMap((connected) => {
    const receiver = connected.claim();
    return receiver === undefined ? [] : [settle(sending, connected, receiver)];
  });
  return Promise.all(calls);
}

async function settle(
  sending: Sending,
  connected: ConnectedReceiver,
  receiver: AnyReceiver,
): Promise<SettledCall> {
  try {
    const response = await settled(connected, receiver, sending.call(connected, receiver));
    return { connected, receiver, outcome: response, ok: true };
  } catch (thrown) {
    return { connected, receiver, outcome: thrown, ok: false };
  }
}

/** Awaits what a receiver has returned, and has it be warned of when that takes long. */
async function settled(
  connected: ConnectedReceiver,
  receiver: AnyReceiver,
  response: unknown,
): Promise<unknown> {
  if (!isThenable(response)) return response;
  const call: PendingCall = { connected, receiver, promise: response };
  watchPending(call);
  try {
    return await response;
  } finally {
    unwatchPending(call);
  }
}
