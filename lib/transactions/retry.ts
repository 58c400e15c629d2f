import { setTimeout as sleep } from 'node:timers/promises';
import { isRetryable } from '../sequelize/index.js';
import type { RetryOptions } from './atomic-options.js';

/** A run that may have to be repeated. */
interface Attempt {
  /** Whether its work is stored, so that it must not be done again. */
  readonly stored: boolean;
}

/** Runs what `open` opens, and opens and runs it again when it lost against another transaction. */
export async function retrying<Opened extends Attempt, Result>(
  { times, delay = 0 }: RetryOptions,
  open: () => Opened,
  run: (attempt: Opened) => Promise<Result>,
): Promise<Result> {
  for (let number = 1; ; number += 1) {
    const attempt = open();
    try {
      return await run(attempt);
    } catch (error) {
      // What a callback lost after the commit was a transaction of its own.
      if (number > times || attempt.stored || !isRetryable(error)) throw error;
    }
    await sleep(typeof delay === 'function' ? delay(number) : delay);
  }
}
