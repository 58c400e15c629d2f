import type { Model, ModelStatic, UpdateOptions } from 'sequelize';
import {
  addValues,
  type Database,
  isDecrement,
  modelItself,
  replaceMethod,
  scopedWhere,
} from '../../sequelize/index.js';
import { inOneBlock } from '../../transactions/index.js';
import type { ModelFeature } from '../feature.js';
import { isAnyHeard } from '../listening.js';
import { GIVEN_FIELDS } from '../save/save-options.js';
import { postSave, preSave } from '../save/save-signals.js';
import { assertKnownFields, fieldsIn } from '../save/update-fields.js';
import { BulkChange } from './bulk-change.js';
import { postBulkUpdate, preBulkUpdate } from './bulk-update-signals.js';

/** On the options of an update of many rows: what has signals sent for it. */
const CHANGE = Symbol('change');

/** The options of an update of many rows, as callers and hooks get them. */
interface Options extends Omit<UpdateOptions, 'fields'> {
  readonly fields?: string[];
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

/** Sends `preBulkUpdate` and `postBulkUpdate`, and has the signals of rows be true. */
export function bulkUpdateFeature(database: Database): ModelFeature {
  return {
    hooks: {
      signals: [...SIGNALS, ...ROW_SIGNALS],
      byType: {
        beforeBulkUpdate: async (options: Options) => options[CHANGE]?.beforeUpdate(options),
      },
      first: {
        afterBulkUpdate: async (options: Options) => options[CHANGE]?.afterUpdate(options),
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
    if (!options || options.hooks === false) return update.apply(this, parameters);
    const tellsRows = isAnyHeard(sender, ROW_SIGNALS);
    if (!tellsRows && !isAnyHeard(sender, SIGNALS)) return update.apply(this, parameters);
    assertKnownFields(`${sender.name}.update()`, sender, options);

    const run = async (transaction: Options['transaction']) => {
      const change = new BulkChange(database, sender, options.fields);
      const result = await update.call(this, values, {
        ...options,
        transaction,
        [CHANGE]: change,
        [GIVEN_FIELDS]: options.fields ?? fieldsIn(sender, values),
      });
      return change.updated(result);
    };
    // The rows stay locked from the moment that they are told of until they are written.
    return options.individualHooks && tellsRows
      ? inOneBlock(database, options.transaction, run)
      : run(options.transaction);
  };
}

/** `increment` and `decrement` run no hooks in Sequelize. */
function watchedIncrement(database: Database, increment: Increment): Increment {
  return async function (...parameters) {
    const [fields, options] = parameters;
    const sender = modelItself(this);
    if (!options || options.hooks === false || !isAnyHeard(sender, SIGNALS)) {
      return increment.apply(this, parameters);
    }
    const { transaction = database.joinedTransaction() } = options;
    const where = scopedWhere(this, options.where);
    const [values, increments] = [{}, incrementsOf(fields, options)];
    const change = new BulkChange(database, sender);
    await change.announce({ values, increments, where }, transaction);
    const whole = { ...options };
    addValues(sender, whole, values);
    const result = await increment.call(this, fields, whole);
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
