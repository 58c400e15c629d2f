import type { Model, ModelStatic, Transaction, UpdateOptions, WhereOptions } from 'sequelize';
import { type Database, replaceMethod } from '../sequelize/index.js';
import { modelItself } from './defined-models.js';
import type { Family } from './family.js';
import { postBulkUpdate, postSave, preBulkUpdate, preSave } from './model-signals.js';
import type { BulkUpdate, ModelPayload } from './payloads.js';
import { fieldsIn, UPDATED } from './save.js';
import { isEitherHeard, send } from './send.js';

/** On the options of an update: where its hook leaves the payload for the signal after it. */
const UPDATE = Symbol('update');

/** The options of an update as its hooks get them. */
interface HookOptions {
  fields: string[];
  readonly attributes: Record<string, unknown>;
  readonly where?: WhereOptions | undefined;
  readonly transaction?: Transaction | null | undefined;
  readonly model: ModelStatic<Model>;
  readonly [UPDATE]?: Updating;
}

type Update = (
  this: ModelStatic<Model>,
  ...parameters: [values: object, options: UpdateOptions]
) => Promise<readonly unknown[]>;

interface IncrementOptions extends UpdateOptions {
  readonly by?: number | undefined;
  /** `false` in the calls of `decrement`. */
  readonly increment?: boolean | undefined;
}
type Fields = string | readonly string[] | Readonly<Record<string, number>>;
type Increment = (
  this: ModelStatic<Model>,
  ...parameters: [fields: Fields, options?: IncrementOptions]
) => Promise<unknown>;

/** Sends `preBulkUpdate` and `postBulkUpdate`. */
export function bulkUpdateFamily(database: Database): Family {
  return {
    hooks: {
      signals: [preBulkUpdate, postBulkUpdate],
      byType: {
        beforeBulkUpdate: async (options: HookOptions) => options[UPDATE]?.before(options),
      },
    },
    replaceMethods: (model) => [
      replaceMethod(model as { readonly update: Update }, 'update', (original) =>
        watched(database, original),
      ),
      replaceMethod(model as { readonly increment: Increment }, 'increment', (original) =>
        watchedIncrement(database, original),
      ),
    ],
  };
}

function watched(database: Database, update: Update): Update {
  return async function (...parameters) {
    const [values, options] = parameters;
    const sender = modelItself(this);
    if (!isWatched(sender, options)) return update.apply(this, parameters);

    const updating = new Updating(database, sender);
    const result = await update.call(this, values, {
      ...options,
      [UPDATE]: updating,
      [UPDATED]: (options.fields as string[] | undefined) ?? fieldsIn(sender, values),
    } as UpdateOptions);
    await updating.after(result[0] as number);
    return result;
  };
}

/** `increment` and `decrement` run no hooks in Sequelize. */
function watchedIncrement(database: Database, increment: Increment): Increment {
  return async function (...parameters) {
    const [fields, options] = parameters;
    const sender = modelItself(this);
    if (!options || options.hooks === false || !isBulkWatched(sender)) {
      return increment.apply(this, parameters);
    }
    const { where, transaction = database.currentTransaction() } = options;
    const updating = new Updating(database, sender);
    await updating.begin(
      { values: {}, increments: incrementsOf(fields, options), where },
      transaction,
    );
    const result = await increment.apply(this, parameters);
    await updating.after(undefined);
    return result;
  };
}

function incrementsOf(fields: Fields, { by = 1, increment = true }: IncrementOptions) {
  const sign = increment ? 1 : -1;
  const amounts =
    typeof fields === 'string' || Array.isArray(fields)
      ? [fields].flat().map((field) => [field, by] as const)
      : Object.entries(fields);
  return Object.fromEntries(amounts.map(([field, amount]) => [field, sign * amount]));
}

function isWatched(model: ModelStatic<Model>, options: UpdateOptions | undefined): boolean {
  if (options === undefined) return false;
  if (options.hooks !== false && isBulkWatched(model)) return true;
  return !!options.individualHooks && isEitherHeard(model, preSave, postSave);
}

function isBulkWatched(model: ModelStatic<Model>): boolean {
  return isEitherHeard(model, preBulkUpdate, postBulkUpdate);
}

type Change = Omit<BulkUpdate, keyof ModelPayload>;

/** One update of many rows, from the signal before it to the one after. */
class Updating {
  readonly #database: Database;
  readonly #sender: ModelStatic<Model>;
  #transaction: Transaction | null | undefined;
  #change: Change | undefined;

  constructor(database: Database, sender: ModelStatic<Model>) {
    this.#database = database;
    this.#sender = sender;
  }

  /** Begins from Sequelize's hook. What receivers put into `values` is written. */
  async before(options: HookOptions): Promise<void> {
    // The application may have handed its hook's options on, to a call for another model.
    if (modelItself(options.model) !== this.#sender) return;
    const { attributes: values, where, transaction } = options;
    const given = Object.keys(values);
    await this.begin({ values, increments: null, where }, transaction);
    // Sequelize writes none but these, and leaves out values that have no column.
    options.fields = [
      ...options.fields,
      ...Object.keys(values).filter((key) => !given.includes(key)),
    ];
  }

  async begin(change: Change, transaction: Transaction | null | undefined): Promise<void> {
    this.#transaction = transaction;
    this.#change = change;
    await send(this.#database, preBulkUpdate, this.#sender, change, transaction);
  }

  async after(count: number | undefined): Promise<void> {
    if (this.#change === undefined) return;
    const change = { ...this.#change, count };
    await send(this.#database, postBulkUpdate, this.#sender, change, this.#transaction);
  }
}
