import type { Model, ModelStatic } from 'sequelize';
import { type Database, modelOf, replaceMethod, watchRow } from '../../sequelize/index.js';
import type { ModelFeature } from '../feature.js';
import { RACE } from '../find-or-create/race.js';
import { assertKey } from '../instances/assert-key.js';
import { withRollback } from '../instances/rollback.js';
import { isAnyHeard, wasAnyHeard } from '../listening.js';
import { postValidate, preValidate } from '../validate/validate-signals.js';
import { GIVEN_FIELDS, MUTED, ROW_QUEUE, type SaveCallOptions } from './save-options.js';
import { postSave, preSave } from './save-signals.js';
import { Saving } from './saving.js';
import { callBegins, noteSaving, optionsFor, savingOfCall, savingWith } from './savings.js';
import { assertKnownFields, fieldsIn, withGivenFields } from './update-fields.js';

type Save = (this: Model, ...parameters: [options?: SaveCallOptions]) => Promise<Model>;
type Update = (
  this: Model,
  ...parameters: [values: object, options?: SaveCallOptions | string[]]
) => Promise<Model>;

const SIGNALS = [preSave, postSave];
/** All that a save sends, with the fields that it was given. */
const WATCHED = [...SIGNALS, preValidate, postValidate];

/**
 * Sends `preSave` and `postSave` where Sequelize runs its hooks: for `save()`, and for each row of
 * a call for many with `individualHooks`.
 */
export function saveFeature(database: Database): ModelFeature {
  const before = (instance: Model, options: SaveCallOptions) => {
    const saving = savingWith(options, instance);
    return saving ? saving.before(options) : startInHook(database, instance, options);
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
        watchedSave(database, inRace(withRollback(database, original, (options) => options))),
      ),
      replaceMethod(prototype, 'update', (original: Update) =>
        updateWithGivenFields(withRollback(database, original, (_values, options) => options)),
      ),
    ],
  };
}

function isWatched(instance: Model): boolean {
  // Each save comes by here, and to find its model takes longer than the first question.
  return wasAnyHeard(WATCHED) && isAnyHeard(modelOf(instance), WATCHED);
}

/** Whether the caller has switched signals off. */
function isMuted(options: SaveCallOptions | undefined): boolean {
  return options?.hooks === false || !!options?.[MUTED];
}

/**
 * For a row of a call for many, for a save that nobody listened to when it began, and for one that an
 * override of the application calls without the options that it was given.
 */
function startInHook(
  database: Database,
  instance: Model,
  options: SaveCallOptions,
): Promise<void> | undefined {
  if (isMuted(options) || !isWatched(instance)) return undefined;
  const saving = new Saving(database, instance, options);
  noteSaving(options, saving);
  const call = options.individualHooks ? undefined : savingOfCall(instance);
  return call ? call.take(saving).then(() => saving.before(options)) : saving.before(options);
}

/** Watches a save to its end: Sequelize runs no after hooks when there was nothing to write. */
function watchedSave(database: Database, save: Save): Save {
  async function saveToTheEnd(
    instance: Model,
    options: SaveCallOptions | undefined,
  ): Promise<Model> {
    assertKnownFields('save()', modelOf(instance), options);
    if (!instance.isNewRecord) assertKey(instance, 'saved');
    const saving = new Saving(database, instance, options);
    const ends = [callBegins(saving), watchRow(instance, saving)];
    try {
      const saved = await save.call(instance, optionsFor(saving, options));
      const sent = saving.after();
      if (sent !== undefined) await sent;
      return saved;
    } finally {
      for (const end of ends) end();
    }
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

/** Tells the race that a creation may lose of its save. */
function inRace(save: Save): Save {
  return function (...parameters) {
    const race = parameters[0]?.[RACE];
    if (!race) return save.apply(this, parameters);
    return race.run(this, () => save.apply(this, parameters));
  };
}

/** Notes which fields `update()` was given: it has Sequelize save those that are different. */
function updateWithGivenFields(update: Update): Update {
  return async function (...parameters) {
    const [values, given] = parameters;
    if (!isWatched(this)) return update.apply(this, parameters);

    const model = modelOf(this);
    const options = Array.isArray(given) ? { fields: given } : given;
    assertKnownFields('update()', model, options);
    if (!this.isNewRecord) assertKey(this, 'saved');
    const fields = options?.fields ? undefined : fieldsIn(model, values);
    const updating = () => update.call(this, values, { ...options, [GIVEN_FIELDS]: fields });
    return fields ? withGivenFields(this, fields, updating) : updating();
  };
}
