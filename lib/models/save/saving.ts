import type { Model, ModelStatic, Transaction } from 'sequelize';
import { type Database, modelOf } from '../../sequelize/index.js';
import type { ModelPayload } from '../payloads.js';
import { send } from '../send.js';
import type { SaveCallOptions } from './save-options.js';
import { type PostSave, type PreSave, postSave, preSave } from './save-signals.js';
import { updateFieldsOf } from './update-fields.js';

/** One save of an instance: it sends `preSave`, and `postSave` when that is over. */
export class Saving {
  readonly instance: Model;
  readonly #database: Database;
  readonly #sender: ModelStatic<Model>;
  readonly #updateFields: ReadonlySet<string> | null;
  #transaction: Transaction | null | undefined;
  /** What `postSave` is going to tell, until it is sent. */
  #saved: Omit<PostSave, keyof ModelPayload> | undefined;

  constructor(database: Database, instance: Model, options: SaveCallOptions | undefined) {
    this.#database = database;
    this.instance = instance;
    this.#sender = modelOf(instance);
    this.#updateFields = updateFieldsOf(options);
  }

  /** Sends `preSave`, unless the caller wants no field to be saved (D-103). */
  before(options: SaveCallOptions): Promise<void> | undefined {
    const change = this.#change(options);
    if (change === undefined) return undefined;

    this.#transaction = options.transaction;
    const note = () => {
      // What decides between INSERT and UPDATE, now that hooks and receivers are through (J-27).
      this.#saved = { created: this.instance.isNewRecord, ...change };
    };
    const sent = send(this.#database, preSave, this.#sender, change, this.#transaction);
    if (sent !== undefined) return sent.then(note);
    note();
    return undefined;
  }

  /** Sends `postSave`, unless there was nothing before it or it is sent already. */
  after(): Promise<unknown> | undefined {
    const saved = this.#saved;
    this.#saved = undefined;
    return saved && send(this.#database, postSave, this.#sender, saved, this.#transaction);
  }

  #change(options: SaveCallOptions): Omit<PreSave, keyof ModelPayload> | undefined {
    const updateFields = this.#updateFields;
    if (updateFields?.size === 0) return undefined;
    return { instance: this.instance, raw: options.raw === true, updateFields };
  }
}
