import { logger } from '../base/index.js';
import { describeReceiver } from './describe-receiver.js';
import type { PendingCall } from './sending.js';

/** How many milliseconds a receiver may take before it is reported, and half of that. */
const PATIENCE = 3_000;
const PERIOD = PATIENCE / 2;

/** The receivers that are awaited now, in all sends, with the periods that each has been. */
const pending = new Map<PendingCall, number>();

/**
 * One timer for all of them, which goes on as long as there are any: a timer for each would cost every
 * send what hardly any needs. A test may take the timers of the process away, and this one with them;
 * so it is known by the function that made it.
 */
let timer: { readonly madeBy: typeof setTimeout } | undefined;

/** Has a receiver be warned of when it has not settled after a while. */
export function watchPending(call: PendingCall): void {
  const isTimed = timer !== undefined && timer.madeBy === setTimeout;
  // Of the period that is under way it gets a part only.
  pending.set(call, isTimed ? -1 : 0);
  if (!isTimed) startTimer();
}

/** To be called when it has settled. */
export function unwatchPending(call: PendingCall): void {
  pending.delete(call);
}

function startTimer(): void {
  const started = { madeBy: setTimeout };
  timer = started;
  const timeout = setTimeout(() => {
    if (timer !== started) return;
    timer = undefined;
    periodEnds();
  }, PERIOD);
  // Where a test runner imitates a browser, as Jest's jsdom does, a timer is a number.
  if (typeof timeout === 'object') timeout.unref();
}

function periodEnds(): void {
  for (const [call, periods] of pending) {
    if ((periods + 1) * PERIOD < PATIENCE) {
      pending.set(call, periods + 1);
      continue;
    }
    // It is told of once, and its promise may be dropped: nothing here is to keep it alive.
    pending.delete(call);
    logger().warn(
      `${describeReceiver(call)} has not settled for ${PATIENCE / 1000} seconds. Whoever has sent the signal waits for it, ` +
        'and what it has open stays so, as a transaction with its locks. ' +
        'See that the promise of the receiver settles, and do slow work after the commit.',
    );
  }
  if (pending.size > 0) startTimer();
}
