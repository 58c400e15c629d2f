import type { Identifier, Model, ModelStatic, Sequelize } from 'sequelize';
import { InvalidArgumentError } from '../base/index.js';
import { type Dialect, dialectOf } from './dialects.js';

const INTEGERS = ['INTEGER', 'BIGINT', 'SMALLINT', 'MEDIUMINT', 'TINYINT'];

/**
 * A key as its attribute has it when a row is loaded, whatever it was given as: text for a number,
 * a number for text, a bigint (D-177, J-29).
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
  if (type === 'UUID' && factsOf(model).hasUuidsInLowerCase) return String(key).toLowerCase();
  return typeof key === 'number' || typeof key === 'bigint' ? String(key) : (key as Identifier);
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
