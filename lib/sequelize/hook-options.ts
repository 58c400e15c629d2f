import type { Model, ModelStatic, Sequelize, WhereOptions } from 'sequelize';
import { dialectOf } from './dialects.js';
import { modelItself } from './models.js';

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
