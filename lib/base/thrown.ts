import { isNativeError } from 'node:util/types';
import { show } from './options.js';
import { isObject } from './values.js';

/** Whether something that was thrown is an error, of this realm or another. A proxy may refuse to tell. */
export function isError(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error || isNativeError(thrown);
  } catch {
    return false;
  }
}

/** What a log says of something that was thrown. It never fails, whatever that is. */
export function textOf(thrown: unknown): string {
  try {
    if (isError(thrown) && typeof thrown.message === 'string') return thrown.message;
  } catch {
    // A message may be a getter. What throws there is not what the log is about.
  }
  return isObject(thrown) ? show(thrown) : String(thrown);
}
