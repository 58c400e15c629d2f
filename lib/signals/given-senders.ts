import { InvalidArgumentError, isObject, show } from '../base/index.js';

/** Options that may name senders. */
interface WithSender {
  readonly sender?: unknown;
}

const ANY_SENDER: readonly unknown[] = [null];

/**
 * The senders that the options of a call name, each once; for any sender it is `null`, alone.
 *
 * @throws {@link InvalidArgumentError} when a sender is named that is not there.
 */
export function givenSenders(call: string, options: WithSender): readonly unknown[] {
  const { sender } = options;
  if (sender === null || !Object.hasOwn(options, 'sender')) return ANY_SENDER;
  if (sender === undefined) throw missingError('The option "sender"', call);
  if (!Array.isArray(sender)) return [sender];

  const senders: readonly unknown[] = sender;
  if (senders.length === 0) {
    throw new InvalidArgumentError(
      `The option "sender" of ${call} is an empty array. Name one sender at least, or leave it out for any.`,
    );
  }
  const missing = senders.findIndex((each) => each === undefined || each === null);
  if (missing >= 0) throw missingError(`Number ${missing + 1} in the option "sender"`, call);
  return [...new Set(senders)];
}

/**
 * Throws when a call is given a sender where its options belong, as Django's are, by position.
 *
 * @param usage - the call, up to the option: `connect(receiver`.
 * @param known - the names of the options that it has.
 */
export function checkNoSender(usage: string, options: unknown, known: readonly string[]): void {
  if (!looksLikeSender(options, known)) return;
  const given = show(options);
  throw new InvalidArgumentError(
    `A sender is an option: write ${usage}, { sender: … }), not ${usage}, …) with ${given}.`,
  );
}

/** An object without a class of its own is taken for options, and checked as such. */
function looksLikeSender(given: unknown, known: readonly string[]): boolean {
  if (typeof given === 'string' || typeof given === 'symbol') return true;
  if (!isObject(given)) return false;
  if (typeof given === 'function' || Array.isArray(given)) return true;

  const prototype: unknown = Object.getPrototypeOf(given);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return !isPlain && !known.some((name) => name in given);
}

// What a circle of imports has not brought yet would be any sender, and nobody be told.
function missingError(what: string, call: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `${what} of ${call} is not there: most likely its module has not run yet, as modules import one another ` +
      "in a circle. Connect where both have been loaded, or give the name of a model, as in { sender: 'User' }. " +
      'For any sender, leave "sender" out, or pass null.',
  );
}
