import { hintAtCopies, peek, show } from '../base/index.js';

/** Whether this is, or looks like, a signal: that of another copy of this package does, and is none of ours. */
export function looksLikeSignal(value: unknown): boolean {
  return typeof peek(value, 'sendRobustSync') === 'function';
}

/** Shows what was given in place of signals, for the end of a message. */
export function showNoSignal(given: unknown): string {
  const isForeign = [given].flat().some(looksLikeSignal);
  return `${show(given)}.${isForeign ? hintAtCopies() : ''}`;
}
