import type { OptionRule } from '../base/index.js';

/** The rule of an option that has names in it. */
export const NAMES: OptionRule = {
  accepts: (value) =>
    Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== ''),
  expected: 'an array of names',
};

/** The rule of an option that counts something, of which there is one at least. */
export const COUNT: OptionRule = {
  accepts: (value) => Number.isInteger(value) && (value as number) > 0,
  expected: 'a whole number above 0',
};
