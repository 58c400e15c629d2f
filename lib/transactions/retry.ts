import { setTimeout as sleep } from 'node:timers/promises';
import { isRetryable } from '../sequelize/index.js';
import type { RetryOptions } from './atomic-options.js';

/** A run that may have to be repeated. */
interface Attempt {
  /** Names it in messages. */
  readonly label: string;
  /** Whether its work is stored, so that it must not be done again. */
  readonly kept: boolean;
  /** Whether a query of it lost against another transaction, whatever the function made of that. */
  readonly lost: boolean;
}

/**
 * Runs what `open` opens, and opens and runs it again when it lost against another transaction.
 *
 * @param pending - has the last attempt in it for as long as another one may follow.
 */
export async function retrying<Opened extends Attempt, Result>(
  { times, delay = 0 }: RetryOptions,
  pending: Set<Attempt>,
  open: () => Opened,
  run: (attempt: Opened) => Promise<Result>,
): Promise<Result> {
  for (let number = 1; ; number += 1) {
    const attempt = open();
    pending.add(attempt);
    try {
      return await run(attempt);
    } catch (error) {
      // What a callback lost after the commit was a transaction of its own.
      if (number > times || attempt.kept) throw error;
      if (!attempt.lost && !isRetryable(error)) throw error;
      await pause(typeof delay === 'function' ? delay(number) : delay);
    } finally {
      pending.delete(attempt);
    }
  }
}

/** A timer that is asked for more goes off at once. */
const LONGEST = 2 ** 31 - 1;

/** Waits; without a timer where there is nothing to wait for, as those of a test may stand still. */
async function pause(milliseconds: number): Promise<void> {
  if (milliseconds > 0) await sleep(Math.min(milliseconds, LONGEST));
}
