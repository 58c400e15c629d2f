import type { DestroyOptions, Model, ModelStatic, Transaction, WhereOptions } from 'sequelize';
import { type Database, modelOfCall } from '../../sequelize/index.js';
import { isSoft } from '../delete/deletion-options.js';
import { send } from '../send.js';
import { postBulkDelete, preBulkDelete } from './bulk-delete-signals.js';

/** One deletion of many rows, from the signal before it to the one after. */
export class BulkDeletion {
  readonly #database: Database;
  readonly #sender: ModelStatic<Model>;
  readonly #transaction: Transaction;
  #announced: { readonly where: WhereOptions | undefined; readonly soft: boolean } | undefined;

  constructor(database: Database, sender: ModelStatic<Model>, transaction: Transaction) {
    this.#database = database;
    this.#sender = sender;
    this.#transaction = transaction;
  }

  /** Sends `preBulkDelete`, with the options that Sequelize's hook gets. */
  async before(options: DestroyOptions): Promise<void> {
    // The application may have handed its hook's options on, to a call for another model.
    if (modelOfCall(options) !== this.#sender) return;

    const deletion = { where: options.where, soft: isSoft(this.#sender, options) };
    this.#announced = deletion;
    await send(this.#database, preBulkDelete, this.#sender, deletion, this.#transaction);
  }

  /** Sends `postBulkDelete`, unless the deletion ran without hooks. */
  async after(count: number | undefined): Promise<void> {
    if (this.#announced === undefined) return;
    const deletion = { ...this.#announced, count };
    await send(this.#database, postBulkDelete, this.#sender, deletion, this.#transaction);
  }
}
