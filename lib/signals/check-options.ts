import { inspect } from 'node:util';
import { InvalidArgumentError } from '../errors.js';

/** What an option must be. */
export interface OptionRule {
  readonly accepts: (value: unknown) => boolean;
  /** Completes "must be …". */
  readonly expected: string;
}

/** The options that a call knows. */
export type OptionRules = Readonly<Record<string, OptionRule>>;

/** Throws unless `options` is an object of known options of the right kind, or left out. */
export function checkOptions(call: string, options: unknown, rules: OptionRules): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidArgumentError(
      `The options of ${call} must be an object, not ${show(options)}.`,
    );
  }
  for (const name of Object.keys(options)) {
    const value: unknown = options[name as keyof typeof options];
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) {
      const known = Object.keys(rules).join(', ');
      throw new InvalidArgumentError(`${call} has no option "${name}". It has: ${known}.`);
    }
    if (value === undefined || rule.accepts(value)) continue;
    throw new InvalidArgumentError(
      `The option "${name}" of ${call} must be ${rule.expected}, not ${show(value)}.`,
    );
  }
}

/** Shows any value briefly, for a message. */
export function show(value: unknown): string {
  return inspect(value, { depth: -1, maxStringLength: 40 });
}
