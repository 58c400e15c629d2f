import type { Model, ModelStatic, UpdateOptions } from 'sequelize';
import { type Database, isDecrement, modelItself, replaceMethod } from '../../sequelize/index.js';
import type { ModelFeature } from '../feature.js';
import { isAnyHeard } from '../listening.js';
import { GIVEN_FIELDS } from '../save/save-options.js';
import { postSave, preSave } from '../save/save-signals.js';
import { fieldsIn } from '../save/update-fields.js';
import { BulkChange } from './bulk-change.js';
import { postBulkUpdate, preBulkUpdate } from './bulk-update-signals.js';

/** On the options of an update of many rows: what has signals sent for it. */
const CHANGE = Symbol('change');

/** The options of an update of many rows, as callers and hooks get them. */
interface Options extends UpdateOptions {
  readonly [CHANGE]?: BulkChange;
  readonly [GIVEN_FIELDS]?: readonly PropertyKey[];
}

type Update = (
  this: ModelStatic<Model>,
  ...parameters: [values: object, options: Options]
) => Promise<readonly unknown[]>;

interface IncrementOptions extends UpdateOptions {
  readonly by?: number | undefined;
}
type Fields = string | readonly string[] | Readonly<Record<string, number>>;
type Increment = (
  this: ModelStatic<Model>,
  ...parameters: [fields: Fields, options?: IncrementOptions]
) => Promise<unknown>;

const SIGNALS = [preBulkUpdate, postBulkUpdate];
const ROW_SIGNALS = [preSave, postSave];

/** Sends `preBulkUpdate` and `postBulkUpdate`. */
export function bulkUpdateFeature(database: Database): ModelFeature {
  return {
    hooks: {
      signals: SIGNALS,
      byType: {
        beforeBulkUpdate: async (options: Options) => options[CHANGE]?.beforeUpdate(options),
      },
    },
    replaceMethods: (model) => [
      replaceMethod(model as { readonly update: Update }, 'update', (original) =>
        watchedUpdate(database, original),
      ),
      replaceMethod(model as { readonly increment: Increment }, 'increment', (original) =>
        watchedIncrement(database, original),
      ),
    ],
  };
}

function watchedUpdate(database: Database, update: Update): Update {
  return async function (...parameters) {
    const [values, options] = parameters;
    const sender = modelItself(this);
    if (!options || !isWatched(sender, options)) return update.apply(this, parameters);

    const change = new BulkChange(database, sender);
    const result = await update.call(this, values, {
      ...options,
      [CHANGE]: change,
      [GIVEN_FIELDS]: options.fields ?? fieldsIn(sender, values),
    });
    await change.after(result[0] as number);
    return result;
  };
}

function isWatched(sender: ModelStatic<Model>, options: UpdateOptions): boolean {
  if (options.hooks !== false && isAnyHeard(sender, SIGNALS)) return true;
  return !!options.individualHooks && isAnyHeard(sender, ROW_SIGNALS);
}

/** `increment` and `decrement` run no hooks in Sequelize. */
function watchedIncrement(database: Database, increment: Increment): Increment {
  return async function (...parameters) {
    const [fields, options] = parameters;
    const sender = modelItself(this);
    if (!options || options.hooks === false || !isAnyHeard(sender, SIGNALS)) {
      return increment.apply(this, parameters);
    }
    const { where, transaction = database.joinedTransaction() } = options;
    const increments = incrementsOf(fields, options);
    const change = new BulkChange(database, sender);
    await change.announce({ values: {}, increments, where }, transaction);
    const result = await increment.apply(this, parameters);
    await change.after(undefined);
    return result;
  };
}

function incrementsOf(fields: Fields, options: IncrementOptions): Record<string, number> {
  const { by = 1 } = options;
  const sign = isDecrement(options) ? -1 : 1;
  const amounts =
    typeof fields === 'string' || Array.isArray(fields)
      ? [fields].flat().map((field) => [field, by] as const)
      : Object.entries(fields);
  return Object.fromEntries(amounts.map(([field, amount]) => [field, sign * amount]));
}
