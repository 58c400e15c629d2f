import { InvalidArgumentError, show } from '../base/index.js';

/** Throws unless what a call was given to run is a function. */
export function assertFunction(given: unknown, call: string): void {
  if (typeof given === 'function') return;
  throw new InvalidArgumentError(`${call}() needs a function, not ${show(given)}.`);
}
