import type { OptionRules } from '../base/index.js';

/** What the option `using` may be. */
export const USING_RULE: OptionRules[string] = {
  accepts: (value) => typeof value === 'string' || (typeof value === 'object' && value !== null),
  expected: 'an alias or an installed Sequelize instance',
};
