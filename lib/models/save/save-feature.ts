import type { Model, ModelStatic } from 'sequelize';
import { type Database, modelOf, replaceMethod } from '../../sequelize/index.js';
import type { ModelFeature } from '../feature.js';
import { withRollback } from '../instances/rollback.js';
import { isAnyHeard, wasAnyHeard } from '../listening.js';
import { GIVEN_FIELDS, MUTED, ROW_QUEUE, type SaveCallOptions } from './save-options.js';
import { postSave, preSave } from './save-signals.js';
import { Saving } from './saving.js';
import { noteSaving, optionsFor, savingWith } from './savings.js';
import { fieldsIn } from './update-fields.js';

type Save = (this: Model, ...parameters: [options?: SaveCallOptions]) => Promise<Model>;
type Update = (
  this: Model,
  ...parameters: [values: object, options?: SaveCallOptions | string[]]
) => Promise<Model>;

const SIGNALS = [preSave, postSave];

/**
 * Sends `preSave` and `postSave` where Sequelize runs its hooks: for `save()`, and for each row of
 * a call for many with `individualHooks`.
 */
export function saveFeature(database: Database): ModelFeature {
  const before = (instance: Model, options: SaveCallOptions) => {
    const saving = savingWith(options, instance) ?? startInHook(database, instance, options);
    return saving?.before(options);
  };

  const after = (instance: Model, options: SaveCallOptions) =>
    savingWith(options, instance)?.after();

  return {
    hooks: {
      signals: SIGNALS,
      byType: {
        beforeCreate: before,
        beforeUpdate: before,
        afterCreate: after,
        afterUpdate: after,
      },
    },
    replaceMethods: ({ prototype }: ModelStatic<Model>) => [
      replaceMethod(prototype, 'save', (original: Save) =>
        watchedSave(
          database,
          withRollback(database, original, (options) => options),
        ),
      ),
      replaceMethod(prototype, 'update', (original: Update) =>
        updateWithGivenFields(withRollback(database, original, (_values, options) => options)),
      ),
    ],
  };
}

function isWatched(instance: Model): boolean {
  // Each save comes by here, and to find its model takes longer than the first question.
  return wasAnyHeard(SIGNALS) && isAnyHeard(modelOf(instance), SIGNALS);
}

/** Whether the caller has switched signals off. */
function isMuted(options: SaveCallOptions | undefined): boolean {
  return options?.hooks === false || !!options?.[MUTED];
}

/** For a row of a call for many, and for a save that nobody listened to when it began. */
function startInHook(
  database: Database,
  instance: Model,
  options: SaveCallOptions,
): Saving | undefined {
  if (isMuted(options) || !isWatched(instance)) return undefined;
  const saving = new Saving(database, instance, options);
  noteSaving(options, saving);
  return saving;
}

/** Watches a save to its end: Sequelize runs no after hooks when there was nothing to write. */
function watchedSave(database: Database, save: Save): Save {
  async function saveToTheEnd(
    instance: Model,
    options: SaveCallOptions | undefined,
  ): Promise<Model> {
    const saving = new Saving(database, instance, options);
    const saved = await save.call(instance, optionsFor(saving, options));
    const sent = saving.after();
    if (sent !== undefined) await sent;
    return saved;
  }

  return function (...parameters) {
    const [options] = parameters;
    if (parameters.length > 1 || isMuted(options) || !isWatched(this)) {
      return save.apply(this, parameters);
    }
    const queue = options?.[ROW_QUEUE];
    return queue ? queue.inTurn(() => saveToTheEnd(this, options)) : saveToTheEnd(this, options);
  };
}

/** Notes which fields `update()` was given: it has Sequelize save those that are different. */
function updateWithGivenFields(update: Update): Update {
  return async function (...parameters) {
    const [values, given] = parameters;
    if (!isWatched(this)) return update.apply(this, parameters);

    const options = Array.isArray(given) ? { fields: given } : given;
    const fields = options?.fields ? undefined : fieldsIn(modelOf(this), values);
    return update.call(this, values, { ...options, [GIVEN_FIELDS]: fields });
  };
}
