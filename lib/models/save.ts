import type { Model, ModelStatic, SaveOptions, Transaction } from 'sequelize';
import type { Database } from '../transactions/index.js';
import type { Family } from './family.js';
import { postSave, preSave } from './model-signals.js';
import type { PostSave } from './payloads.js';
import { replaceMethod } from './replace-method.js';
import { isHeard, senderOf } from './sender-of.js';

/** On the options of a save: what the library knows of it. Sequelize's copies of them keep it. */
const SAVINGS = Symbol('savings');
/** On the options of a save that `update()` makes: the names of the values that it was given. */
const UPDATED = Symbol('updated');

/** The options of a save as its hooks get them. */
interface HookOptions extends Omit<SaveOptions, 'fields'> {
  readonly fields?: string[] | undefined;
  [SAVINGS]?: WeakMap<Model, Saving> | undefined;
  readonly [UPDATED]?: readonly string[] | undefined;
  readonly raw?: boolean | undefined;
  /** Set by Sequelize when the caller named no fields. */
  readonly defaultFields?: readonly string[] | undefined;
}

type Save = (this: Model, ...parameters: [options?: HookOptions]) => Promise<Model>;
type Update = (
  this: Model,
  ...parameters: [values: object, options?: HookOptions | string[]]
) => Promise<Model>;

/** Sends `preSave` and `postSave`. */
export function saveFamily(database: Database): Family {
  const before = async (instance: Model, options: HookOptions) => {
    if (isWatched(instance)) await savingOf(database, instance, options).before(options);
  };
  const after = async (instance: Model, options: HookOptions) => {
    if (isWatched(instance)) await savingOf(database, instance, options).after();
  };
  return {
    hooks: { beforeCreate: before, beforeUpdate: before, afterCreate: after, afterUpdate: after },
    replaceMethods: ({ prototype }: ModelStatic<Model>) => [
      replaceMethod(prototype, 'save', (original: Save) => watched(database, original)),
      replaceMethod(prototype, 'update', named),
    ],
  };
}

function isWatched(instance: Model): boolean {
  const sender = senderOf(instance);
  return isHeard(sender, preSave) || isHeard(sender, postSave);
}

function savingOf(database: Database, instance: Model, options: HookOptions): Saving {
  options[SAVINGS] ??= new WeakMap();
  const known = options[SAVINGS].get(instance);
  if (known !== undefined) return known;

  const made = new Saving(database, instance, options);
  options[SAVINGS].set(instance, made);
  return made;
}

/** Watches a save to its end: Sequelize runs no after hooks when there was nothing to write. */
function watched(database: Database, save: Save): Save {
  return async function (...parameters) {
    const [options] = parameters;
    if (parameters.length > 1 || options?.hooks === false || !isWatched(this)) {
      return save.apply(this, parameters);
    }
    const saving = new Saving(database, this, options);
    const savings = new WeakMap([[this, saving]]);
    const saved = await save.call(this, { ...options, [SAVINGS]: savings });
    await saving.after();
    return saved;
  };
}

/** Notes which fields `update()` was given: it has Sequelize save those that are different. */
function named(update: Update): Update {
  return async function (...parameters) {
    const [values, given] = parameters;
    if (!isWatched(this)) return update.apply(this, parameters);

    const options = Array.isArray(given) ? { fields: given } : given;
    return update.call(this, values, { ...options, [UPDATED]: fieldsIn(this, values) });
  };
}

function fieldsIn(instance: Model, values: object | null | undefined): string[] {
  const attributes = senderOf(instance).getAttributes();
  const given = Object.entries(values ?? {}).filter(([, value]) => value !== undefined);
  return given.map(([name]) => name).filter((name) => name in attributes);
}

/** The fields that the caller named, or `null` (D-102, J-28). */
function updateFieldsOf(options: HookOptions = {}): ReadonlySet<string> | null {
  const { fields, defaultFields } = options;
  if (defaultFields === undefined) return fields ? new Set(fields) : null;

  // What update() computed is what differs, and what setters changed besides.
  const updated = options[UPDATED];
  return updated ? new Set([...updated, ...defaultFields]) : null;
}

/** One save of an instance, from its before hook to its end. */
class Saving {
  readonly #database: Database;
  readonly #instance: Model;
  readonly #updateFields: ReadonlySet<string> | null;
  #transaction: Transaction | null | undefined;
  #payload: PostSave | undefined;

  constructor(database: Database, instance: Model, options: HookOptions | undefined) {
    this.#database = database;
    this.#instance = instance;
    this.#updateFields = updateFieldsOf(options);
  }

  /** Sends `preSave`, unless the caller wants no field to be saved (D-103). */
  async before(options: HookOptions): Promise<void> {
    if (this.#updateFields?.size === 0) return;
    this.#transaction = options.transaction;
    const payload = {
      instance: this.#instance,
      raw: options.raw === true,
      using: this.#database.alias,
      updateFields: this.#updateFields,
      transaction: options.transaction ?? undefined,
    };
    await this.#database.within(options.transaction, () =>
      preSave.send(senderOf(this.#instance), payload),
    );
    // What decides between INSERT and UPDATE, now that hooks and receivers are through (J-27).
    this.#payload = { ...payload, created: this.#instance.isNewRecord };
  }

  /** Sends `postSave`, once, and only after `preSave`. */
  async after(): Promise<void> {
    const payload = this.#payload;
    if (payload === undefined) return;
    this.#payload = undefined;
    await this.#database.within(this.#transaction, () =>
      postSave.send(senderOf(this.#instance), payload),
    );
  }
}
