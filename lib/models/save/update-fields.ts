import type { Model, ModelStatic } from 'sequelize';
import { fieldsChosen } from '../../sequelize/index.js';
import { GIVEN_FIELDS, type SaveCallOptions } from './save-options.js';

/** The fields that the caller of a save named, or `null` when it named none (D-102, J-28). */
export function updateFieldsOf(options: SaveCallOptions = {}): ReadonlySet<string> | null {
  const { fields, [GIVEN_FIELDS]: given } = options;
  const chosen = fieldsChosen(options);
  // For an update, Sequelize chooses what differs, and what setters changed besides.
  if (given) return new Set([...given, ...(chosen ?? [])]);
  return fields && !chosen ? new Set(fields) : null;
}

/** The fields among the values for an update. */
export function fieldsIn(model: ModelStatic<Model>, values: object | null | undefined): string[] {
  const attributes = model.getAttributes();
  const given = Object.entries(values ?? {}).filter(([, value]) => value !== undefined);
  return given.map(([name]) => name).filter((name) => name in attributes);
}
