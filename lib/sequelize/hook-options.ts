import type { Model, ModelStatic, Sequelize, WhereOptions } from 'sequelize';
import { dialectOf } from './dialects.js';
import { modelItself, modelOf } from './models.js';

/** The options of a call as its hooks get them: some are Sequelize's own, and in no documentation. */
export type HookOptions = object;

/** The model that a call for many rows is about. */
export function modelOfCall(options: HookOptions): ModelStatic<Model> {
  return modelItself((options as { readonly model: ModelStatic<Model> }).model);
}

/** What `upsert` is going to store, or has stored. */
export function upsertedInstance(options: HookOptions): Model {
  return (options as { readonly instance: Model }).instance;
}

/** The values that an update of many rows is going to write. They may be changed. */
export function valuesToWrite(options: HookOptions): Record<string, unknown> {
  return (options as { readonly attributes: Record<string, unknown> }).attributes;
}

/** Has an update of many rows write more of its values: it leaves out those that it did not know. */
export function writeAlso(options: HookOptions, names: readonly string[]): void {
  const update = options as { fields: readonly string[] };
  update.fields = [...update.fields, ...names];
}

/** The condition of a call, with that of the scope that it is called on, as Sequelize puts them together. */
export function scopedWhere(
  model: ModelStatic<Model>,
  where: WhereOptions | undefined,
): WhereOptions | undefined {
  const options = { where };
  (model as unknown as { _injectScope(options: object): void })._injectScope(options);
  return options.where;
}

/** The fields that Sequelize chose to save; undefined when the caller named some. */
export function fieldsChosen(options: HookOptions): readonly string[] | undefined {
  return (options as { readonly defaultFields?: readonly string[] }).defaultFields;
}

/**
 * Whether options were in a hook before, which has handed them on: what they name was chosen by
 * Sequelize, and may be of another model.
 */
export function areOfHook(options: HookOptions): boolean {
  return 'model' in options || fieldsChosen(options) !== undefined;
}

/** What the options of a validation may say of the call that it is made for. */
interface ValidationOptions {
  readonly model?: ModelStatic<Model>;
  readonly individualHooks?: boolean;
  /** Of `Model.update`. */
  readonly type?: string;
  /** Of `upsert`. */
  readonly instance?: Model;
  readonly fields?: readonly string[];
}

/** Whether a validation is of one of the rows of a call for many, `bulkCreate`. */
export function isOneOfRows(options: HookOptions): boolean {
  const { individualHooks, type, instance } = options as ValidationOptions;
  return 'model' in options && !!individualHooks && type !== 'BULKUPDATE' && !instance;
}

/**
 * Whether a validation is of a row: for a save, by `validate()`, or of one of several. `Model.update`
 * and `upsert` validate what they write, by an instance that is no row.
 */
export function isOfRow(instance: Model, options: HookOptions): boolean {
  const { model } = options as ValidationOptions;
  const isForMany = model !== undefined && modelItself(model) === modelOf(instance);
  return !isForMany || isOneOfRows(options);
}

/**
 * What all validations have that Sequelize makes of an instance for one call, and those of no other
 * call; undefined where there is but one.
 */
export function callOfValidation(options: HookOptions): object | undefined {
  return (
    fieldsChosen(options) ??
    ('model' in options ? (options as ValidationOptions).fields : undefined)
  );
}

/** Whether a call of `Model.increment` comes from `decrement`, which is the same but for this. */
export function isDecrement(options: object): boolean {
  return (options as { readonly increment?: boolean }).increment === false;
}

/**
 * The options of a call that goes on when its INSERT violates a unique constraint, which is no
 * failure where the transaction takes it for none either.
 */
export function expectingViolation<Options extends HookOptions>(
  sequelize: Sequelize,
  options: Options,
): Options {
  return dialectOf(sequelize).forgivesFailures ? { ...options, exception: true } : options;
}
