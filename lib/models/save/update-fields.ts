import type { Model, ModelStatic } from 'sequelize';
import { InvalidArgumentError } from '../../base/index.js';
import { areOfHook, fieldsChosen } from '../../sequelize/index.js';
import { GIVEN_FIELDS, type SaveCallOptions } from './save-options.js';

/** What the calls of `update()` were given that are under way: an override may drop their options. */
const givenToCalls = new WeakMap<Model, readonly string[]>();

/** Runs an `update()` of the instance, which was given values for `fields`. */
export async function withGivenFields<Result>(
  instance: Model,
  fields: readonly string[],
  update: () => Promise<Result>,
): Promise<Result> {
  givenToCalls.set(instance, fields);
  try {
    return await update();
  } finally {
    if (givenToCalls.get(instance) === fields) givenToCalls.delete(instance);
  }
}

/** The fields that the caller of a save named, or `null` when it named none (D-102, J-28). */
export function updateFieldsOf(
  instance: Model,
  options: SaveCallOptions = {},
): ReadonlySet<string> | null {
  const { fields } = options;
  const chosen = fieldsChosen(options);
  const given = options[GIVEN_FIELDS] ?? (chosen && givenToCalls.get(instance));
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

/** The options of calls by which a caller names fields to write. */
const NAMING = ['fields', 'updateOnDuplicate'] as const;

/**
 * Throws when a caller names fields that the model does not have (D-104), before anything is sent:
 * Sequelize leaves them out, or puts them into the statement.
 */
export function assertKnownFields(
  call: string,
  model: ModelStatic<Model>,
  options: { readonly [Name in (typeof NAMING)[number]]?: unknown } | undefined,
): void {
  for (const name of NAMING) {
    const fields = options?.[name];
    if (!options || !Array.isArray(fields) || areOfHook(options)) continue;
    assertAttributes(`The option "${name}" of ${call}`, model, fields);
  }
}

/**
 * Throws when a model does not have all of these attributes.
 *
 * @param what - names them, at the beginning of a sentence.
 */
export function assertAttributes(
  what: string,
  model: ModelStatic<Model>,
  names: readonly string[],
): void {
  const attributes = model.getAttributes();
  const unknown = names.filter((name) => !Object.hasOwn(attributes, name));
  if (unknown.length === 0) return;
  throw new InvalidArgumentError(
    `${what} names ${unknown.map((name) => `"${name}"`).join(', ')}, ` +
      `which ${model.name} does not have. It has: ${Object.keys(attributes).join(', ')}.`,
  );
}
