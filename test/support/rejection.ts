import { AssertionError } from 'chai';

/**
 * The error that a promise rejects with, or that a function throws or rejects with. Fails the
 * test when there is none.
 */
export async function rejectionOf<Expected = Error>(
  attempt: PromiseLike<unknown> | (() => unknown),
): Promise<Expected> {
  let result: unknown;
  try {
    result = await (typeof attempt === 'function' ? attempt() : attempt);
  } catch (error) {
    return error as Expected;
  }
  throw new AssertionError(`expected a rejection, got the result ${String(result)}`);
}
