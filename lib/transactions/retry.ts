import { setTimeout as sleep } from 'node:timers/promises';
import type { RetryOptions } from './atomic-options.js';
import { isLoss } from './server-errors.js';

/** Runs `body`, and runs it again when it lost against another transaction. */
export async function retrying<Result>(
  { times, delay = 0 }: RetryOptions,
  body: () => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await body();
    } catch (error) {
      if (attempt > times || !isLoss(error)) throw error;
    }
    await sleep(typeof delay === 'function' ? delay(attempt) : delay);
  }
}
