import type { Model, ModelStatic, Transaction, UpdateOptions } from 'sequelize';
import { type Database, modelOfCall, valuesToWrite, writeAlso } from '../../sequelize/index.js';
import type { ModelPayload } from '../payloads.js';
import { send } from '../send.js';
import { type BulkUpdate, postBulkUpdate, preBulkUpdate } from './bulk-update-signals.js';

type Change = Omit<BulkUpdate, keyof ModelPayload>;

/** One change of many rows, from the signal before it to the one after. */
export class BulkChange {
  readonly #database: Database;
  readonly #sender: ModelStatic<Model>;
  #transaction: Transaction | null | undefined;
  #announced: Change | undefined;

  constructor(database: Database, sender: ModelStatic<Model>) {
    this.#database = database;
    this.#sender = sender;
  }

  /** Announces an update from Sequelize's hook. What receivers put into `values` is written. */
  async beforeUpdate(options: UpdateOptions): Promise<void> {
    // The application may have handed its hook's options on, to a call for another model.
    if (modelOfCall(options) !== this.#sender) return;

    const values = valuesToWrite(options);
    const known = Object.keys(values);
    await this.announce({ values, increments: null, where: options.where }, options.transaction);
    writeAlso(
      options,
      Object.keys(values).filter((name) => !known.includes(name)),
    );
  }

  /** Sends `preBulkUpdate`. */
  async announce(change: Change, transaction: Transaction | null | undefined): Promise<void> {
    this.#transaction = transaction;
    this.#announced = change;
    await send(this.#database, preBulkUpdate, this.#sender, change, transaction);
  }

  /** Sends `postBulkUpdate`, unless the change was not announced: it ran without hooks. */
  async after(count: number | undefined): Promise<void> {
    if (this.#announced === undefined) return;
    const change = { ...this.#announced, count };
    await send(this.#database, postBulkUpdate, this.#sender, change, this.#transaction);
  }
}
