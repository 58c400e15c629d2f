import type { Model, ModelStatic, SaveOptions, Transaction } from 'sequelize';
import { type Database, replaceMethod } from '../sequelize/index.js';
import type { Family } from './family.js';
import { postSave, preSave } from './model-signals.js';
import type { ModelPayload, PostSave, PreSave } from './payloads.js';
import type { Rows } from './rows.js';
import { isEitherHeard, send, senderOf } from './send.js';

/**
 * On the options of a save: what the library knows of it. Sequelize's copies of them keep it; it
 * makes a dozen, and copies symbols slowly.
 */
const SAVINGS = 'sequelize-signals.savings';
/** On the options of an update: the fields that the caller gave values for. */
export const UPDATED: unique symbol = Symbol('updated');
/** On the options of a save that is one of several: the rows whose turn it has to wait for. */
export const IN_ROWS: unique symbol = Symbol('in rows');

/** The options of a save as its hooks get them. */
interface HookOptions extends Omit<SaveOptions, 'fields'> {
  readonly fields?: string[] | undefined;
  [SAVINGS]?: Savings | undefined;
  readonly [UPDATED]?: readonly string[] | undefined;
  [IN_ROWS]?: Rows | undefined;
  readonly individualHooks?: boolean | undefined;
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
  const before = (instance: Model, options: HookOptions) =>
    savingOf(database, instance, options)?.before(options);
  const after = (instance: Model, options: HookOptions) =>
    savingOf(database, instance, options)?.after(options);
  return {
    hooks: {
      signals: [preSave, postSave],
      byType: {
        beforeCreate: before,
        beforeUpdate: before,
        afterCreate: after,
        afterUpdate: after,
      },
    },
    replaceMethods: ({ prototype }: ModelStatic<Model>) => [
      replaceMethod(prototype, 'save', (original: Save) => watched(database, original)),
      replaceMethod(prototype, 'update', named),
    ],
  };
}

function isWatched(instance: Model): boolean {
  // Each save comes by here, and to find its model takes longer than this.
  if (!preSave.everConnected && !postSave.everConnected) return false;
  return isEitherHeard(senderOf(instance), preSave, postSave);
}

/** The save that hooks run for: one that was watched from its start, or a row of a call for many. */
function savingOf(database: Database, instance: Model, options: HookOptions): Saving | undefined {
  const known = options[SAVINGS]?.of(instance);
  if (known !== undefined || !isWatched(instance)) return known;

  const made = new Saving(database, instance, options);
  if (options[SAVINGS]) options[SAVINGS].add(made);
  else options[SAVINGS] = new Savings(made);
  return made;
}

/** Watches a save to its end: Sequelize runs no after hooks when there was nothing to write. */
function watched(database: Database, save: Save): Save {
  async function watchedSave(instance: Model, options: HookOptions | undefined): Promise<Model> {
    const saving = new Saving(database, instance, options);
    const savings = new Savings(saving);
    const marked: HookOptions = { [SAVINGS]: savings, ...options };
    // They may be those of another save, handed on by a hook.
    marked[SAVINGS] = savings;
    if (marked[IN_ROWS]) marked[IN_ROWS] = undefined;
    const saved = await save.call(instance, marked);
    const sent = saving.after();
    if (sent !== undefined) await sent;
    return saved;
  }

  return function (...parameters) {
    const [options] = parameters;
    if (parameters.length > 1 || options?.hooks === false || !isWatched(this)) {
      return save.apply(this, parameters);
    }
    const rows = options?.[IN_ROWS];
    return rows ? rows.inTurn(() => watchedSave(this, options)) : watchedSave(this, options);
  };
}

/** Notes which fields `update()` was given: it has Sequelize save those that are different. */
function named(update: Update): Update {
  return async function (...parameters) {
    const [values, given] = parameters;
    if (!isWatched(this)) return update.apply(this, parameters);

    const options = Array.isArray(given) ? { fields: given } : given;
    const fields = options?.fields ? undefined : fieldsIn(senderOf(this), values);
    return update.call(this, values, { ...options, [UPDATED]: fields });
  };
}

/** The fields among the values for an update, changed or not. */
export function fieldsIn(model: ModelStatic<Model>, values: object | null | undefined): string[] {
  const attributes = model.getAttributes();
  const given = Object.entries(values ?? {}).filter(([, value]) => value !== undefined);
  return given.map(([name]) => name).filter((name) => name in attributes);
}

/** The fields that the caller named, or `null` (D-102, J-28). */
function updateFieldsOf(options: HookOptions = {}): ReadonlySet<string> | null {
  const { fields, defaultFields, [UPDATED]: updated } = options;
  // What Sequelize computed is what differs, and what setters changed besides.
  if (updated) return new Set([...updated, ...(defaultFields ?? [])]);
  return fields && !defaultFields ? new Set(fields) : null;
}

type Saved = Omit<PostSave, keyof ModelPayload>;

/**
 * The saves of one call, by their instances. Sequelize copies the options that carry it again and
 * again, and what is no class of one's own, such as a bare Map, slows each of its copies.
 */
class Savings {
  readonly #first: Saving;
  #others: Map<Model, Saving> | undefined;

  constructor(first: Saving) {
    this.#first = first;
  }

  of(instance: Model): Saving | undefined {
    return this.#first.instance === instance ? this.#first : this.#others?.get(instance);
  }

  add(saving: Saving): void {
    this.#others ??= new Map();
    this.#others.set(saving.instance, saving);
  }
}

/** One save of an instance, from its before hook to its end. */
class Saving {
  readonly instance: Model;
  readonly #database: Database;
  readonly #sender: ModelStatic<Model>;
  readonly #updateFields: ReadonlySet<string> | null;
  #transaction: Transaction | null | undefined;
  #saved: Saved | undefined;

  constructor(database: Database, instance: Model, options: HookOptions | undefined) {
    this.#database = database;
    this.instance = instance;
    this.#sender = senderOf(instance);
    this.#updateFields = updateFieldsOf(options);
  }

  /** Sends `preSave`, unless the caller wants no field to be saved (D-103). */
  before(options: HookOptions): Promise<void> | undefined {
    this.#transaction = options.transaction;
    const change = this.#describe(options);
    if (change === undefined) return undefined;

    // What decides between INSERT and UPDATE, now that hooks and receivers are through (J-27).
    const note = () => {
      this.#saved = { created: this.instance.isNewRecord, ...change };
    };
    const sent = send(this.#database, preSave, this.#sender, change, this.#transaction);
    if (sent !== undefined) return sent.then(note);
    note();
    return undefined;
  }

  /** Sends `postSave`, unless it was sent. */
  after(options?: HookOptions): Promise<unknown> | undefined {
    const saved = this.#saved ?? this.#returned(options);
    if (saved === undefined) return undefined;
    this.#saved = undefined;
    const transaction = options ? options.transaction : this.#transaction;
    return send(this.#database, postSave, this.#sender, saved, transaction);
  }

  /** With `returning`, the rows of an update come back as instances that nobody has seen before. */
  #returned(options: HookOptions | undefined): Saved | undefined {
    const change = options?.individualHooks ? this.#describe(options) : undefined;
    return change && { created: false, ...change };
  }

  #describe(options: HookOptions): Omit<PreSave, keyof ModelPayload> | undefined {
    const updateFields = this.#updateFields;
    if (updateFields?.size === 0) return undefined;
    return { instance: this.instance, raw: options.raw === true, updateFields };
  }
}
