import { setTimeout as sleep } from 'node:timers/promises';
import type { RetryOptions } from './atomic-options.js';

/** The codes by which a server says that a transaction lost against another and may be tried again. */
const CODES: ReadonlySet<unknown> = new Set([
  '40001', // PostgreSQL: serialization failure
  '40P01', // PostgreSQL: deadlock
  'ER_LOCK_DEADLOCK', // MySQL and MariaDB: deadlock
  'ER_CHECKREAD', // MariaDB: the row changed since the snapshot
  'SQLITE_BUSY',
]);

/** Whether `error`, or what caused it, is such a loss. */
function isLoss(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code, parent } = cause as { code?: unknown; parent?: { code?: unknown } };
    if (CODES.has(parent?.code) || CODES.has(code)) return true;
  }
  return false;
}

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
