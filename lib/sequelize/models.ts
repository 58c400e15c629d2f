import type { Model, ModelStatic } from 'sequelize';
import { peek } from '../base/index.js';

/** Whether a value is a class of models, be it initialised or not, of any copy of Sequelize. */
export function isModel(value: unknown): value is ModelStatic<Model> {
  if (typeof value !== 'function') return false;
  const hasHooks = typeof peek(value, 'runHooks') === 'function';
  return hasHooks && typeof peek(value.prototype, 'save') === 'function';
}

/** The model itself, for one of the classes that Sequelize derives from it: its scopes and schemas. */
export function modelItself(model: ModelStatic<Model>): ModelStatic<Model> {
  let itself = model;
  while (isDerived(itself)) itself = Object.getPrototypeOf(itself);
  return itself;
}

/** The model of an instance, also of one that was loaded through a scope or a schema. */
export function modelOf(instance: Model): ModelStatic<Model> {
  return modelItself(instance.constructor as ModelStatic<Model>);
}

/** A model as it is in the schema of another one, which that got by `schema()`. */
export function asBeside(model: ModelStatic<Model>, other: ModelStatic<Model>): ModelStatic<Model> {
  const { schema, delimiter } = schemaOf(other);
  if (schema === undefined || schema === schemaOf(modelItself(other)).schema) return model;
  return model.schema(schema, { schemaDelimiter: delimiter });
}

function schemaOf(model: ModelStatic<Model>): { schema?: string; delimiter?: string } {
  const { _schema: schema, _schemaDelimiter: delimiter } = model as unknown as {
    readonly _schema?: string;
    readonly _schemaDelimiter?: string;
  };
  return { ...(schema && { schema }), ...(delimiter && { delimiter }) };
}

/** The value of an attribute that is stored, whatever has been set since; undefined where it was not loaded. */
export function storedValue(instance: Model, attribute: string): unknown {
  const previous: unknown = instance.previous(attribute as never);
  return previous ?? instance.getDataValue(attribute as never);
}

function isDerived(model: object): boolean {
  if (Object.hasOwn(model, 'options')) return false;
  return Object.hasOwn(model, '_scope') || Object.hasOwn(model, '_schema');
}

/** The attributes of a model that have a column. */
export function columnsOf(model: ModelStatic<Model>): readonly string[] {
  const { tableAttributes } = model as unknown as { readonly tableAttributes: object };
  return Object.keys(tableAttributes);
}

/** The attribute that marks the rows of a paranoid model as deleted; undefined for other models. */
export function deletionMarkOf(model: ModelStatic<Model>): string | undefined {
  return ownTimesOf(model).deletedAt;
}

/** The attribute that has the time of the last write, where a model has one. */
export function writeTimeOf(model: ModelStatic<Model>): string | undefined {
  return ownTimesOf(model).updatedAt;
}

/** The attribute that counts the versions of a row, where a model has one. */
export function versionOf(model: ModelStatic<Model>): string | undefined {
  return (model as unknown as { readonly _versionAttribute?: string })._versionAttribute;
}

/** The attributes whose values Sequelize sets as it writes a row. */
export function timestampsOf(model: ModelStatic<Model>): readonly string[] {
  return Object.values(ownTimesOf(model)).filter((name) => name !== undefined);
}

interface OwnTimes {
  readonly createdAt?: string;
  readonly updatedAt?: string;
  readonly deletedAt?: string;
}

function ownTimesOf(model: ModelStatic<Model>): OwnTimes {
  return (model as unknown as { readonly _timestampAttributes: OwnTimes })._timestampAttributes;
}
