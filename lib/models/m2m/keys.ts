import type { Identifier, Model, ModelStatic } from 'sequelize';
import { InvalidArgumentError } from '../../base/index.js';

const INTEGERS = ['INTEGER', 'BIGINT', 'SMALLINT', 'MEDIUMINT', 'TINYINT'];

/**
 * A key as its attribute has it when a row is loaded, whatever it was given as: text for a number,
 * a number for text, a bigint (D-177, J-29).
 *
 * @throws {@link InvalidArgumentError} when it cannot be a key of that attribute.
 */
export function normalKey(model: ModelStatic<Model>, attribute: string, key: unknown): Identifier {
  const type = typeOf(model, attribute);
  if (INTEGERS.includes(type)) return integerKey(model, attribute, key);
  if (type === 'UUID' && model.sequelize?.getDialect() === 'postgres') {
    return String(key).toLowerCase();
  }
  return typeof key === 'number' || typeof key === 'bigint' ? String(key) : (key as Identifier);
}

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
  const isText =
    typeOf(model, attribute) === 'BIGINT' && model.sequelize?.getDialect() === 'postgres';
  // node-postgres hands out bigints as text, all drivers what a number cannot hold.
  return isText || !Number.isSafeInteger(number) ? String(BigInt(text)) : number;
}
