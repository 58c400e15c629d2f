import type {
  FindOptions,
  Model,
  ModelStatic,
  Sequelize,
  Transaction,
  WhereOptions,
} from 'sequelize';
import { SignalsError } from '../base/index.js';
import { dialectOf } from './dialects.js';
import type { HookOptions } from './hook-options.js';
import { deletionMarkOf } from './models.js';
import { deleteOwnDependants } from './own-cascades.js';
import { type RowKey, RowKeys, textOfKey } from './row-keys.js';
import type { UnsavedValues } from './unsaved-values.js';

type Values = Record<string, unknown>;

/** The options of a call for many rows, as Sequelize hands them to its hooks and goes on with them. */
interface Options {
  readonly model: ModelStatic<Model>;
  readonly type?: string;
  readonly order?: FindOptions['order'];
  readonly transaction?: Transaction | null;
  readonly logging?: FindOptions['logging'];
  readonly benchmark?: boolean;
  readonly force?: boolean;
  readonly cascade?: boolean;
  readonly restartIdentity?: boolean;
  where?: WhereOptions | undefined;
  limit?: number | undefined;
  fields?: string[];
  attributes?: Values;
  individualHooks?: boolean | undefined;
  returning?: unknown;
  truncate?: boolean | undefined;
}

type RowHook = 'beforeUpdate' | 'afterUpdate' | 'beforeDestroy' | 'afterDestroy';

interface RunsHooks {
  runHooks(type: string, ...parameters: unknown[]): Promise<void>;
}

/** Whether Sequelize is asked to run the hooks of each row of a call. */
export function asksForRows(options: HookOptions): boolean {
  return !!(options as Options).individualHooks;
}

/** Whether it is, or may be by a hook of the application. */
export function mayAskForRows(
  model: ModelStatic<Model>,
  options: HookOptions,
  type: 'beforeBulkDestroy',
): boolean {
  if (asksForRows(options) || model.hasHook(type)) return true;
  return (model.sequelize as unknown as typeof model).hasHook(type);
}

/**
 * A call that writes many rows and is to tell of each, as its hooks find it. It loads the rows
 * itself, and has Sequelize write those and no others. What Sequelize does for `individualHooks` is
 * to load by the condition and to write by the condition, whatever the limit, and whatever has come
 * between the two.
 */
export class CallForRows {
  readonly model: ModelStatic<Model>;
  readonly isUpdate: boolean;
  readonly #options: Options;
  /** What the hooks of the application are to find when the call is over. */
  readonly #given: Options;
  /** What the hooks of the rows get: one object for all of them, as Sequelize has it. */
  readonly #forRows: Options;
  readonly #keys: RowKeys;
  /** The rows, with the keys that they have in the table. */
  #loaded: ReadonlyMap<Model, RowKey> = new Map();

  constructor(options: HookOptions, does: 'update' | 'destroy') {
    this.#options = options as Options;
    this.#given = { ...this.#options };
    this.#forRows = { ...this.#options };
    this.model = this.#options.model;
    this.isUpdate = does === 'update';
    // Sequelize has translated the condition of a deletion before it runs the hooks.
    this.#keys = new RowKeys(this.model, this.isUpdate ? 'attributes' : 'columns');
  }

  /** Whether rows are only marked as deleted. */
  get isSoft(): boolean {
    return !this.isUpdate && !!deletionMarkOf(this.model) && !this.#options.force;
  }

  /** The values for all rows. */
  get values(): Values {
    return this.#given.attributes ?? {};
  }

  /** The fields to be written, for all rows. */
  get fields(): readonly string[] {
    return this.#forRows.fields ?? [];
  }

  /** Whether the result of an update counts rows that had their values before, too. */
  get countsAllRows(): boolean {
    return dialectOf(this.#sequelize).countsUnchanged;
  }

  /** Whether the caller wants to have what the database made of the values. */
  get returnsStored(): boolean {
    return !!this.#given.returning;
  }

  /**
   * Loads the rows that the call is about, locked until its transaction ends.
   *
   * @throws `SIGNALS_UNKNOWN_ROWS` when nobody could tell which they are.
   */
  async loadRows(): Promise<Model[]> {
    this.#assertKnown();
    const { where, order, limit, transaction } = this.#options;
    const rows = await this.#find({
      where,
      // The condition of an update has this already.
      paranoid: this.isSoft,
      ...(this.#isLimited && { limit, order }),
      ...(transaction && { lock: transaction.LOCK.UPDATE }),
    });
    this.#loaded = new Map(rows.map((row) => [row, this.#keys.of(row)]));
    this.#options.individualHooks = false;
    return rows;
  }

  /** Runs the hooks for one row: those of the application, and ours. */
  async run(type: RowHook, row: Model): Promise<void> {
    await (this.model as unknown as RunsHooks).runHooks(type, row, this.#forRows);
  }

  /** Deletes what depends on a row by associations with `hooks: true`. */
  async deleteDependants(row: Model): Promise<void> {
    const { model, type, where, order, limit, truncate, individualHooks, ...options } =
      this.#forRows;
    await deleteOwnDependants(row, options);
  }

  /** Has Sequelize write these values, and to these rows. */
  write(values: Values): void {
    this.#options.attributes = values;
    this.#options.fields = Object.keys(values);
    this.#options.returning = false;
    this.keepToRows();
  }

  /** Has Sequelize write the rows that were loaded, by the keys they had then. */
  keepToRows(): void {
    this.#options.truncate = false;
    this.#options.limit = undefined;
    if (this.#keys.exist) this.#options.where = this.#keys.where([...this.#loaded.values()]);
  }

  /** Has Sequelize send no UPDATE. */
  writeNothing(): void {
    this.#options.attributes = {};
  }

  /**
   * Writes what is different in one row.
   *
   * @throws `SIGNALS_UNKNOWN_ROWS` when it has no key, or not the one that it was loaded with.
   */
  async save({ row, fields }: UnsavedValues): Promise<void> {
    this.#assertKeyed(row);
    const { attributes, where, limit, ...options } = this.#forRows;
    // Sequelize does not save what has no changed field, be it named.
    for (const field of fields) row.changed(field as never, true);
    await row.save({
      ...(options as object),
      individualHooks: false,
      hooks: false,
      // Sequelize validates the values of an update, and no row of it.
      validate: !this.isUpdate,
      fields,
    } as object);
  }

  /** Has the rows show what is stored of them. */
  async showStored(rows: readonly Model[]): Promise<void> {
    const stored = await this.#stored(rows);
    const byKey = new Map(stored.map((row) => [textOfKey(this.#keys.of(row)), row.dataValues]));
    for (const row of rows) {
      Object.assign(row.dataValues as object, byKey.get(textOfKey(this.#keys.of(row))));
    }
  }

  /** Whether all of the rows are there, which is taken for granted of those without a key. */
  async areThere(rows: readonly Model[]): Promise<boolean> {
    return !this.#keys.exist || (await this.#stored(rows)).length === rows.length;
  }

  /** Gives the hooks of the application the options as the caller gave them. */
  restore(): void {
    Object.assign(this.#options, this.#given);
  }

  get #sequelize(): Sequelize {
    return this.model.sequelize as Sequelize;
  }

  /** The statement of an update has no limit on some databases, and then changes all rows of its condition. */
  get #isLimited(): boolean {
    if (!this.#options.limit) return false;
    const { limitsUpdates } = dialectOf(this.#sequelize);
    return limitsUpdates || !(this.isUpdate || this.isSoft);
  }

  async #stored(rows: readonly Model[]): Promise<Model[]> {
    if (!this.#keys.exist || rows.length === 0) return [];
    const where = this.#keys.where(rows.map((row) => this.#keys.of(row)));
    return this.#find({ where, paranoid: false });
  }

  #find(options: FindOptions): Promise<Model[]> {
    const { transaction, logging, benchmark } = this.#options;
    // The condition has that of the scope; what else a scope loads has no place in an update.
    return this.model
      .unscoped()
      .findAll({ ...options, transaction, logging, benchmark } as FindOptions);
  }

  #assertKnown(): void {
    const { name } = this.model;
    const { truncate, cascade, restartIdentity } = this.#options;
    if (truncate && !this.isSoft && (cascade || restartIdentity)) {
      throw unknownRows(
        `Which rows a TRUNCATE of ${name} with "cascade" or "restartIdentity" deletes cannot be told. ` +
          'Leave these out, or "individualHooks".',
      );
    }
    if (this.#isLimited && !this.#keys.exist) {
      throw unknownRows(
        `Which rows of ${name} a "limit" leaves cannot be told: it has no primary key. ` +
          'Leave the limit out, or "individualHooks".',
      );
    }
  }

  #assertKeyed(row: Model): void {
    const { name } = this.model;
    if (!this.#keys.exist) {
      throw unknownRows(
        `Rows of ${name} cannot get values that differ from row to row: it has no primary key.`,
      );
    }
    const loaded = this.#loaded.get(row);
    if (loaded && textOfKey(loaded) === textOfKey(this.#keys.of(row))) return;
    throw unknownRows(`A row of ${name} cannot get another key together with other rows.`);
  }
}

function unknownRows(message: string): SignalsError {
  return new SignalsError('SIGNALS_UNKNOWN_ROWS', message);
}
