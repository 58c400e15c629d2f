import type { Attributes, Model, ModelStatic, Transaction, Utils, WhereOptions } from 'sequelize';
import {
  checkOptions,
  InvalidArgumentError,
  type OptionRule,
  peek,
  show,
} from '../../base/index.js';
import { databaseFor, TRANSACTION } from '../../transactions/index.js';
import { assertAttributes } from '../save/update-fields.js';
import { Lookup } from './lookup.js';

/**
 * Values for the attributes of a row, each as it is or as a function that makes it: that is called
 * only if the value is needed, and may return a promise.
 */
export type Defaults<Values extends object> = {
  readonly [Name in keyof Values]?:
    | Values[Name]
    | Utils.Fn
    | Utils.Col
    | Utils.Literal
    | (() => Values[Name] | PromiseLike<Values[Name]>);
};

/** Options of `updateOrCreate`. */
export interface UpdateOrCreateOptions<Instance extends Model> {
  /** Finds the row. The values that it asks for are those of a new one, too. */
  readonly where: WhereOptions<Attributes<Instance>>;
  /** What the row gets that is found, and a new one as well. */
  readonly defaults?: Defaults<Attributes<Instance>> | undefined;
  /** What a new row gets in place of `defaults`. */
  readonly createDefaults?: Defaults<Attributes<Instance>> | undefined;
  /** The transaction to do it in; left out, it is the current one. `null` is for one of its own. */
  readonly transaction?: Transaction | null | undefined;
}

/**
 * Updates the row that `where` finds, or creates it: Django's `update_or_create`.
 *
 * It runs in a transaction of its own, or inside of a block in a savepoint: when it fails, nothing
 * of it is kept, and the block around it is sound. The row is locked before it is updated, where the
 * database can do that.
 *
 * Both ways send `preSave` and `postSave`. An update is one with named fields: `updateFields` has the
 * names of `defaults`, what their setters changed, and the time of the update. What receivers change
 * beside these is not written. With nothing to update, nothing is sent. When somebody else creates the
 * row at the same time, that row is updated.
 *
 * @example
 * ```ts
 * import { DataTypes, Sequelize } from 'sequelize';
 * import { install, updateOrCreate } from 'sequelize-signals';
 *
 * const sequelize = new Sequelize('sqlite::memory:', { logging: false });
 * install(sequelize);
 * const Stock = sequelize.define('Stock', { sku: DataTypes.STRING, pieces: DataTypes.INTEGER });
 * await sequelize.sync();
 *
 * const [stock, created] = await updateOrCreate(Stock, {
 *   where: { sku: 'A-1' },
 *   defaults: { pieces: 10 },
 * });
 * ```
 * @returns the instance, and whether it was created.
 * @throws `SIGNALS_MULTIPLE_OBJECTS_RETURNED` when `where` finds several rows.
 * @throws {@link InvalidArgumentError} when an attribute is named that the model does not have.
 * @throws {@link NotInstalledError} when the database of the model is not installed.
 */
export async function updateOrCreate<Instance extends Model>(
  model: ModelStatic<Instance>,
  options: UpdateOrCreateOptions<Instance>,
): Promise<[instance: Instance, created: boolean]> {
  assertModel(model);
  checkOptions(CALL, options, RULES);
  const { where, defaults = {}, createDefaults = defaults, transaction } = options;
  if (where === undefined) throw new InvalidArgumentError(`${CALL} needs the option "where".`);
  for (const [name, values] of Object.entries({ defaults, createDefaults })) {
    assertAttributes(`The option "${name}" of ${CALL}`, model, Object.keys(values));
  }
  const database = databaseFor(model.sequelize);
  const lookup = new Lookup(database, model, { where, defaults, createDefaults });
  return database.blockForCall(transaction)
    ? lookup.updateOrCreateInBlock(transaction)
    : lookup.updateOrCreate();
}

const CALL = 'updateOrCreate()';

const OBJECT: OptionRule = {
  accepts: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  expected: 'an object with values for attributes',
};

const RULES = {
  where: {
    accepts: (value) => typeof value === 'object' && value !== null,
    expected: 'a condition',
  },
  defaults: OBJECT,
  createDefaults: OBJECT,
  transaction: TRANSACTION,
} satisfies Record<string, OptionRule>;

function assertModel(model: unknown): void {
  if (typeof model === 'function' && peek(model, 'sequelize') !== undefined) return;
  throw new InvalidArgumentError(`${CALL} needs a model that is defined, not ${show(model)}.`);
}
