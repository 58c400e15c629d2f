import type { Identifier, Model, ModelStatic, Sequelize } from 'sequelize';
import { InvalidArgumentError } from '../base/index.js';
import { type Dialect, dialectOf } from './dialects.js';

const INTEGER = /^-?\d+$/;
const INTEGERS = ['INTEGER', 'BIGINT', 'SMALLINT', 'MEDIUMINT', 'TINYINT'];
const FLOATS = ['FLOAT', 'REAL', 'DOUBLE PRECISION'];
const DATES = ['DATE', 'DATEONLY'];

/**
 * A key as its attribute has it when a row is loaded, whatever it was given as: text for a number,
 * a number for text, a bigint, text for a date (D-177, J-29).
 *
 * @throws {@link InvalidArgumentError} when it cannot be a key of that attribute.
 */
export function keyAsLoaded(
  model: ModelStatic<Model>,
  attribute: string,
  key: unknown,
): Identifier {
  const type = typeOf(model, attribute);
  if (INTEGERS.includes(type)) return integerKey(model, attribute, key);
  if (FLOATS.includes(type)) return floatKey(model, attribute, key);
  if (DATES.includes(type)) return dateKey(model, attribute, key);
  if (type === 'UUID' && factsOf(model).hasUuidsInLowerCase) return String(key).toLowerCase();
  return typeof key === 'number' || typeof key === 'bigint' ? String(key) : (key as Identifier);
}

/** The same text for the same value of a key, whatever type it has. */
export function textOfValue(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString('hex');
  return value instanceof Date ? value.toISOString() : String(value);
}

/** How two rows of a model follow each other by their primary keys, as for `sort`. */
export function compareKeys(
  model: ModelStatic<Model>,
  one: Readonly<Record<string, unknown>>,
  other: Readonly<Record<string, unknown>>,
): number {
  for (const attribute of model.primaryKeyAttributes) {
    const isInteger = INTEGERS.includes(typeOf(model, attribute));
    const order = compareValues(one[attribute], other[attribute], isInteger);
    if (order !== 0) return order;
  }
  return 0;
}

function compareValues(one: unknown, other: unknown, areIntegers: boolean): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  const [text, otherText] = [textOfValue(one), textOfValue(other)];
  // What a number cannot hold is text.
  return areIntegers && INTEGER.test(text) && INTEGER.test(otherText)
    ? compare(BigInt(text), BigInt(otherText))
    : compare(text, otherText);
}

function compare<Value extends string | bigint>(one: Value, other: Value): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** What is to be known of the database of a model. */
function factsOf({ sequelize }: ModelStatic<Model>): Dialect {
  return dialectOf(sequelize as Sequelize);
}

/** The type of an attribute as Sequelize calls it; its types leave out that types have a name. */
function typeOf(model: ModelStatic<Model>, attribute: string): string {
  const type: unknown = model.getAttributes()[attribute]?.type;
  return (type as { readonly key?: string } | undefined)?.key ?? '';
}

/** Sequelize's types leave out what it does to each value that an attribute is set to. */
interface Sanitizing {
  _sanitize(value: unknown): unknown;
}

function dateKey(model: ModelStatic<Model>, attribute: string, key: unknown): Identifier {
  const type = model.getAttributes()[attribute]?.type as unknown as Sanitizing;
  const value = typeof key === 'bigint' ? Number(key) : key;
  const date = type._sanitize(value);
  if (date instanceof Date && !Number.isNaN(date.getTime())) return date as unknown as Identifier;
  if (typeof date === 'string' && /^\d/.test(date)) return date;
  throw new InvalidArgumentError(
    `"${key}" cannot be the "${attribute}" of ${model.name}, which is a date.`,
  );
}

function floatKey(model: ModelStatic<Model>, attribute: string, key: unknown): Identifier {
  const number = Number(key);
  if (!Number.isNaN(number)) return number;
  throw new InvalidArgumentError(
    `"${key}" cannot be the "${attribute}" of ${model.name}, which is a number.`,
  );
}

function integerKey(model: ModelStatic<Model>, attribute: string, key: unknown): Identifier {
  const text = String(key);
  if (!/^[+-]?\d+$/.test(text)) {
    throw new InvalidArgumentError(
      `"${text}" cannot be the "${attribute}" of ${model.name}, which is a whole number.`,
    );
  }
  const number = Number(text);
  const isText = typeOf(model, attribute) === 'BIGINT' && factsOf(model).hasBigintsAsText;
  // All drivers hand out as text what a number cannot hold.
  return isText || !Number.isSafeInteger(number) ? String(BigInt(text)) : number;
}
