import type { DestroyOptions, Model, ModelStatic, Transaction, WhereOptions } from 'sequelize';
import { asksForRows, CallForRows, type Database, modelOfCall } from '../../sequelize/index.js';
import { CASCADE, Cascade, type InCascade } from '../cascades/cascade.js';
import { isInCircle } from '../cascades/deletion-graph.js';
import { tellsOfOthers } from '../cascades/takes-others-along.js';
import { postDelete, preDelete } from '../delete/delete-signals.js';
import { isSoft } from '../delete/deletion-options.js';
import { rollBackWith } from '../instances/rollback.js';
import { isAnyHeard } from '../listening.js';
import { rowsChanged } from '../rows-changed.js';
import { send } from '../send.js';
import { postBulkDelete, preBulkDelete } from './bulk-delete-signals.js';
import { DeletedRows } from './deleted-rows.js';

const ROW_SIGNALS = [preDelete, postDelete];

/** One deletion of many rows, from the signal before it to the one after. */
export class BulkDeletion {
  readonly #database: Database;
  readonly #sender: ModelStatic<Model>;
  readonly #transaction: Transaction;
  #announced: { readonly where: WhereOptions | undefined; readonly soft: boolean } | undefined;
  #rows: DeletedRows | undefined;

  constructor(database: Database, sender: ModelStatic<Model>, transaction: Transaction) {
    this.#database = database;
    this.#sender = sender;
    this.#transaction = transaction;
  }

  /**
   * Sends `preBulkDelete`, with the options that Sequelize's hook gets, and announces the deletion of
   * each row where that is asked for.
   */
  async before(options: DestroyOptions & InCascade): Promise<void> {
    // The application may have handed its hook's options on, to a call for another model.
    if (modelOfCall(options) !== this.#sender) return;

    const deletion = { where: options.where, soft: isSoft(this.#sender, options) };
    this.#announced = deletion;
    await send(this.#database, preBulkDelete, this.#sender, deletion, this.#transaction);

    if (!asksForRows(options) || !this.#tellsOfRows(options)) return;
    const cascade = this.#cascade(options);
    options[CASCADE] = cascade;
    this.#rows = new DeletedRows(new CallForRows(options, 'destroy'), cascade);
    await this.#rows.before((rows) => rollBackWith(this.#database, this.#transaction, rows));
  }

  /** Tells that each row was deleted, in Sequelize's hook behind its statement. */
  async afterRows(options: DestroyOptions): Promise<void> {
    if (modelOfCall(options) === this.#sender) await this.#rows?.after();
  }

  /**
   * Sends `postBulkDelete`, unless the deletion ran without hooks.
   *
   * @throws `SIGNALS_ROWS_CHANGED` when the statement did not find the rows that were told.
   */
  async after(count: number | undefined): Promise<void> {
    if (this.#announced === undefined) return;
    // The database may come by a row in a circle of cascades, and not count it then.
    const isCounted = !isInCircle(this.#sender);
    if (isCounted && this.#rows?.isOtherThan(count)) throw rowsChanged(this.#sender);
    const deletion = { ...this.#announced, count };
    await send(this.#database, postBulkDelete, this.#sender, deletion, this.#transaction);
  }

  #tellsOfRows(options: DestroyOptions): boolean {
    if (isAnyHeard(this.#sender, ROW_SIGNALS)) return true;
    return tellsOfOthers(this.#database, this.#sender, options);
  }

  #cascade(options: DestroyOptions & InCascade): Cascade | undefined {
    if (this.#database.options.cascades !== 'signals' || isSoft(this.#sender, options)) {
      return undefined;
    }
    return new Cascade(this.#database, options);
  }
}
