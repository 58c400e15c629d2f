import { checkOptions, InvalidArgumentError, type OptionRules, show } from '../base/index.js';
import { USING, type Using } from '../transactions/index.js';

/** A function, or a router, that a mark can be put on. */
// biome-ignore lint/suspicious/noExplicitAny: the constraint of a type parameter; callers see the inferred function.
export type AnyHandler = (this: any, ...parameters: any[]) => any;

/** Options of `nonAtomic`. */
export interface NonAtomicOptions {
  /** The one database that the view is not to be atomic on. Without, it is on none. */
  readonly using?: Using | undefined;
}

// Marks are properties, which wrappers that copy what is on a function copy as well (D-280). They are
// registered symbols: another copy of this module must see them.
const NON_ATOMIC = Symbol.for('sequelize-signals.nonAtomic');
const REPEATABLE = Symbol.for('sequelize-signals.repeatable');

interface Marked {
  readonly [NON_ATOMIC]?: readonly (Using | undefined)[];
  readonly [REPEATABLE]?: true;
}

export const NON_ATOMIC_RULES: OptionRules = { using: USING };

/**
 * Says that a view is not to be an atomic one, on any database or on one of them: Django's
 * `non_atomic_requests`. Returns the view itself, which the mark is on. A router may be marked too.
 *
 * @throws {@link InvalidArgumentError} when `handler` is not a function, or an option is unknown or of
 * the wrong kind.
 */
export function nonAtomic<Handler extends AnyHandler>(
  handler: Handler,
  options: NonAtomicOptions = {},
): Handler {
  assertHandler(handler, 'nonAtomic');
  checkOptions('nonAtomic()', options, NON_ATOMIC_RULES);
  const marks = (handler as Marked)[NON_ATOMIC] ?? [];
  return mark(handler, NON_ATOMIC, [...marks, options.using]);
}

/**
 * Says that a view may be run again, so that the option `retry` of `atomicRequests` applies to it: it
 * does nothing outside of its transaction before that is committed. Returns the view itself.
 *
 * @throws {@link InvalidArgumentError} when `handler` is not a function.
 */
export function repeatable<Handler extends AnyHandler>(handler: Handler): Handler {
  assertHandler(handler, 'repeatable');
  return mark(handler, REPEATABLE, true);
}

export function isRepeatable(handler: AnyHandler): boolean {
  return (handler as Marked)[REPEATABLE] === true;
}

/** Those of `usings` that a view is to be atomic on. */
export function withoutNonAtomic(handler: AnyHandler, usings: readonly Using[]): readonly Using[] {
  const marks = (handler as Marked)[NON_ATOMIC];
  if (marks === undefined) return usings;
  if (marks.includes(undefined)) return [];
  return usings.filter((using) => !marks.includes(using));
}

export function assertHandler(given: unknown, call: string): asserts given is AnyHandler {
  if (typeof given === 'function') return;
  throw new InvalidArgumentError(
    `${call}() needs a function that handles requests, not ${show(given)}.`,
  );
}

function mark<Handler extends AnyHandler>(handler: Handler, name: symbol, value: unknown): Handler {
  return Object.defineProperty(handler, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}
