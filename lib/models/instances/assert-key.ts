import type { Model } from 'sequelize';
import { InvalidArgumentError } from '../../base/index.js';
import { modelOf } from '../../sequelize/index.js';

/**
 * Throws unless an instance has the key by which its row is found (D-156). Sequelize would write no
 * row, or where a model has no key at all, every row of its table.
 *
 * @param action - what is to be done with the row, in the past participle.
 */
export function assertKey(instance: Model, action: string): void {
  const { name, primaryKeyAttributes } = modelOf(instance);
  if (primaryKeyAttributes.length === 0) {
    throw new InvalidArgumentError(
      `This instance of ${name} cannot be ${action}: its model has no primary key, and all rows would be. ` +
        `Name the rows in a call of ${name} itself, by "where".`,
    );
  }
  const missing = primaryKeyAttributes.find(
    (key) => (instance.getDataValue(key as keyof Model) ?? null) === null,
  );
  if (missing === undefined) return;
  throw new InvalidArgumentError(
    `This instance of ${name} cannot be ${action}: it has no "${missing}". Save it first.`,
  );
}
