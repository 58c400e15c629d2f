import type { TaskJob } from './backend.js';
import { NotJsonError } from './task-errors.js';

/**
 * Throws for what PostgreSQL cannot take out of JSON, a NUL or half of a surrogate pair: its own error would break
 * the block.
 */
export function assertStorable({ task, args }: TaskJob): void {
  JSON.stringify(args, (key, value: unknown) => {
    const wrong = [key, value].find(
      (text) => typeof text === 'string' && /\0|\p{Surrogate}/u.test(text),
    );
    if (wrong === undefined) return value;
    throw new NotJsonError(
      `An argument of "${task}" has ${JSON.stringify(wrong)} in it, with a character that PostgreSQL cannot store. Leave it out.`,
    );
  });
}
