import type { Model, ModelStatic, Transaction } from 'sequelize';
import {
  type Database,
  isStored,
  modelOf,
  type RowWatcher,
  UpdateInHooks,
} from '../../sequelize/index.js';
import { isHeard } from '../listening.js';
import type { ModelPayload } from '../payloads.js';
import { send } from '../send.js';
import type { SaveCallOptions } from './save-options.js';
import { type PostSave, type PreSave, postSave, preSave } from './save-signals.js';
import { updateFieldsOf } from './update-fields.js';

/** What `preSave` tells of a save. */
type Change = Omit<PreSave, keyof ModelPayload>;

/** What `postSave` tells of it. */
type Saved = Omit<PostSave, keyof ModelPayload>;

/** One save of an instance: it sends `preSave`, and `postSave` when that is over. */
export class Saving implements RowWatcher {
  readonly instance: Model;
  readonly #database: Database;
  readonly #sender: ModelStatic<Model>;
  /** The fields that the caller named. */
  readonly updateFields: ReadonlySet<string> | null;
  readonly #pending: readonly string[];
  #transaction: Transaction | null | undefined;
  /** What `postSave` is going to tell, until it is sent. */
  #saved: Saved | undefined;
  /** How many rows were written; undefined where that is not known. */
  #count: number | undefined;
  /** The saves that this one came to without its options. */
  readonly #inner: Saving[] = [];

  constructor(database: Database, instance: Model, options: SaveCallOptions | undefined) {
    this.#database = database;
    this.instance = instance;
    this.#sender = modelOf(instance);
    this.updateFields = updateFieldsOf(instance, options);
    this.#pending = instance.changed() || [];
  }

  /** Sends `preSave`, unless the caller wants no field to be saved (D-103). */
  before(options: SaveCallOptions): Promise<void> | undefined {
    if (this.#inner.length > 0) return this.#afterInner().then(() => this.#before(options));
    return this.#before(options);
  }

  #before(options: SaveCallOptions): Promise<void> | undefined {
    const change = this.#change(options);
    if (change === undefined) return undefined;

    this.#transaction = options.transaction;
    this.#count = undefined;
    const update = this.#update(options);
    const sent = send(this.#database, preSave, this.#sender, change, this.#transaction);
    if (sent === undefined) {
      this.#saved = this.#saveOf(change);
      return undefined;
    }
    return this.#receiversCalled(sent, change, update);
  }

  async #receiversCalled(
    sent: Promise<unknown>,
    change: Change,
    update: UpdateInHooks | undefined,
  ): Promise<void> {
    await sent;
    await update?.includeChanges();
    this.#saved = this.#saveOf(change);
  }

  #saveOf(change: Change): Saved {
    // What decides between INSERT and UPDATE, now that hooks and receivers are through (J-27).
    return { created: this.instance.isNewRecord, ...change };
  }

  /** An update that receivers may have write more. */
  #update(options: SaveCallOptions): UpdateInHooks | undefined {
    if (this.instance.isNewRecord || !isHeard(this.#sender, preSave)) return undefined;
    return new UpdateInHooks(this.instance, options, this.#pending);
  }

  wrote(count = 1): void {
    for (const inner of this.#inner) inner.wrote(count);
    // A save that an override of the application calls twice may write with one of them only.
    this.#count = Math.max(this.#count ?? 0, count);
  }

  failed(): void {}

  /** Takes along a save that this one came to without its options, by an override that drops them. */
  async take(inner: Saving): Promise<void> {
    await this.#afterInner();
    this.#inner.push(inner);
  }

  /**
   * Sends `postSave`, unless there was nothing before it, it is sent already, or no row was saved:
   * the one of an UPDATE is gone (D-101), or an INSERT was to leave alone what is there.
   */
  after(): Promise<unknown> | undefined {
    if (this.#inner.length === 0) return this.#sendPostSave();
    return this.#afterInner().then(() => this.#sendPostSave());
  }

  /** Ends those of the saves inside that have come to their end. */
  async #afterInner(): Promise<void> {
    for (const inner of this.#inner) await inner.after();
  }

  #sendPostSave(): Promise<unknown> | undefined {
    const saved = this.#saved;
    this.#saved = undefined;
    if (!saved) return undefined;
    const sending = () => send(this.#database, postSave, this.#sender, saved, this.#transaction);
    return this.#count === 0 ? this.#ifStored(saved, sending) : sending();
  }

  async #ifStored({ created }: Saved, sending: () => Promise<unknown> | undefined): Promise<void> {
    if (created || !isHeard(this.#sender, postSave)) return;
    if (await isStored(this.instance, this.#transaction)) await sending();
  }

  #change(options: SaveCallOptions): Change | undefined {
    const { updateFields } = this;
    if (updateFields?.size === 0) return undefined;
    return { instance: this.instance, raw: options.raw === true, updateFields };
  }
}
