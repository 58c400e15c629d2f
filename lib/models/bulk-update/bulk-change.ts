import type { Model, ModelStatic, Transaction, UpdateOptions } from 'sequelize';
import {
  asksForRows,
  CallForRows,
  type Database,
  modelOfCall,
  valuesToWrite,
  writeAlso,
} from '../../sequelize/index.js';
import { rollBackWith } from '../instances/rollback.js';
import { isAnyHeard } from '../listening.js';
import type { ModelPayload } from '../payloads.js';
import { postSave, preSave } from '../save/save-signals.js';
import { send } from '../send.js';
import { type BulkUpdate, postBulkUpdate, preBulkUpdate } from './bulk-update-signals.js';
import { UpdatedRows } from './updated-rows.js';

type Change = Omit<BulkUpdate, keyof ModelPayload>;

const ROW_SIGNALS = [preSave, postSave];

/** One change of many rows, from the signal before it to the one after. */
export class BulkChange {
  readonly #database: Database;
  readonly #sender: ModelStatic<Model>;
  readonly #namedFields: readonly string[] | undefined;
  #transaction: Transaction | null | undefined;
  #announced: Change | undefined;
  #rows: UpdatedRows | undefined;

  /** @param namedFields - are those that the caller named, and more is not written. */
  constructor(
    database: Database,
    sender: ModelStatic<Model>,
    namedFields?: readonly string[] | undefined,
  ) {
    this.#database = database;
    this.#sender = sender;
    this.#namedFields = namedFields;
  }

  /** Announces an update from Sequelize's hook, and the update of each row where that is asked for. */
  async beforeUpdate(options: UpdateOptions): Promise<void> {
    // The application may have handed its hook's options on, to a call for another model.
    if (modelOfCall(options) !== this.#sender) return;

    const values = valuesToWrite(options);
    const known = Object.keys(values);
    await this.announce({ values, increments: null, where: options.where }, options.transaction);
    const added = Object.keys(values).filter((name) => !known.includes(name));
    // What is not written is not told either, after.
    if (this.#namedFields) for (const name of added) delete values[name];
    else writeAlso(options, added);

    if (!asksForRows(options) || !isAnyHeard(this.#sender, ROW_SIGNALS)) return;
    this.#rows = new UpdatedRows(new CallForRows(options, 'update'), this.#namedFields);
    await this.#rows.before((rows) => rollBackWith(this.#database, options.transaction, rows));
  }

  /** Tells that each row was updated, in Sequelize's hook behind its statement. */
  async afterUpdate(options: UpdateOptions): Promise<void> {
    if (modelOfCall(options) === this.#sender) await this.#rows?.after();
  }

  /** Sends `preBulkUpdate`. */
  async announce(change: Change, transaction: Transaction | null | undefined): Promise<void> {
    this.#transaction = transaction;
    this.#announced = change;
    await send(this.#database, preBulkUpdate, this.#sender, change, transaction);
  }

  /**
   * Sends `postBulkUpdate` for an update with this result, and returns what its caller is to get.
   *
   * @throws `SIGNALS_ROWS_CHANGED` when rows were told that the statement did not find.
   */
  async updated(result: readonly unknown[]): Promise<readonly unknown[]> {
    const whole = this.#rows?.resultOf(result) ?? result;
    await this.after(whole[0] as number);
    return whole;
  }

  /** Sends `postBulkUpdate`, unless the change was not announced: it ran without hooks. */
  async after(count: number | undefined): Promise<void> {
    if (this.#announced === undefined) return;
    const change = { ...this.#announced, count };
    await send(this.#database, postBulkUpdate, this.#sender, change, this.#transaction);
  }
}
