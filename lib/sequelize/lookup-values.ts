import { types } from 'node:util';
import type { Model, ModelStatic, Sequelize } from 'sequelize';
import { isPlain } from '../base/index.js';

/** What of Sequelize's class its declarations leave out. */
interface SequelizeClass {
  /** `Utils.SequelizeMethod` is what `literal()`, `fn()`, `col()`, `where()` and `cast()` make. */
  readonly Utils: { readonly SequelizeMethod: new () => object };
}

/**
 * The values that a condition asks for: those of attributes that are to be equal to them. What it
 * asks for by operators, lists, paths and SQL are no values, as Django's lookups with `__` are none.
 */
export function lookupValues(model: ModelStatic<Model>, where: object): Record<string, unknown> {
  if (!isPlain(where)) return {};
  const attributes = model.getAttributes();
  return Object.fromEntries(
    Object.entries(where).filter(
      ([name, value]) => Object.hasOwn(attributes, name) && isValue(model, name, value),
    ),
  );
}

function isValue(model: ModelStatic<Model>, name: string, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return isList(model, name);
  if (isPlain(value)) return Object.getOwnPropertySymbols(value).length === 0;
  return types.isDate(value) || types.isUint8Array(value) || !isSql(model, value);
}

/** Whether the values of an attribute are lists themselves, which a condition compares as a whole. */
function isList(model: ModelStatic<Model>, name: string): boolean {
  const type: unknown = model.getAttributes()[name]?.type;
  return (type as { readonly key?: string } | undefined)?.key === 'ARRAY';
}

function isSql(model: ModelStatic<Model>, value: object): boolean {
  const Class = (model.sequelize as Sequelize).constructor as unknown as SequelizeClass;
  return value instanceof Class.Utils.SequelizeMethod;
}
