import { inspect } from 'node:util';
import { InvalidArgumentError } from './errors.js';

/** What an option must be. */
export interface OptionRule {
  readonly accepts: (value: unknown) => boolean;
  /** Completes "must be …". */
  readonly expected: string;
}

/** The options that a call knows. */
export type OptionRules = Readonly<Record<string, OptionRule>>;

/** The rule of an option that is on or off. */
export const BOOLEAN: OptionRule = {
  accepts: (value) => typeof value === 'boolean',
  expected: 'true or false',
};

/** The rule of an option that may be anything, as the sender of a signal. */
export const ANYTHING: OptionRule = { accepts: () => true, expected: 'anything' };

/** The rule of an option that names something. */
export const NAME: OptionRule = {
  accepts: (value) => typeof value === 'string' && value !== '',
  expected: 'a non-empty string',
};

/**
 * Throws unless `options` is an object of known options of the right kind. An option that is
 * undefined counts as left out.
 */
export function checkOptions(call: string, options: unknown, rules: OptionRules): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidArgumentError(
      `The options of ${call} must be an object, not ${show(options)}.`,
    );
  }
  for (const name of Object.keys(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) throw unknownOptionError(call, name, Object.keys(rules));

    const value: unknown = options[name as keyof typeof options];
    if (value === undefined || rule.accepts(value)) continue;
    throw new InvalidArgumentError(
      `The option "${name}" of ${call} must be ${rule.expected}, not ${show(value)}.`,
    );
  }
}

function unknownOptionError(
  call: string,
  name: string,
  known: readonly string[],
): InvalidArgumentError {
  const nearest = nearestOf(name, known);
  const guess = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
  return new InvalidArgumentError(
    `${call} has no option "${name}".${guess} It has: ${known.join(', ')}.`,
  );
}

/** The name that `given` is most likely a misspelling of, if there is one at all like it. */
function nearestOf(given: string, names: readonly string[]): string | undefined {
  const asTyped = given.toLowerCase();
  const [nearest] = names
    .map((name) => ({ name, edits: editsBetween(asTyped, name.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= Math.ceil(name.length / 3))
    .sort((one, other) => one.edits - other.edits);
  return nearest?.name;
}

/** How many letters must be put in, taken out or exchanged to make one word of the other. */
function editsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (const [column, otherLetter] of [...other].entries()) {
      const [left = 0, above = 0, diagonal = 0] = [next[column], row[column + 1], row[column]];
      next.push(letter === otherLetter ? diagonal : 1 + Math.min(left, above, diagonal));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** Shows any value briefly, for a message. It never fails: values have a say in how they are shown. */
export function show(value: unknown): string {
  try {
    return inspect(value, { depth: -1, maxStringLength: 40 });
  } catch {
    return `[${typeof value}]`;
  }
}
