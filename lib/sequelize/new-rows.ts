import type { BulkCreateOptions, FindOptions, Model, ModelStatic, Sequelize } from 'sequelize';
import { SignalsError } from '../base/index.js';
import { addValues } from './added-values.js';
import { dialectOf } from './dialects.js';
import type { HookOptions } from './hook-options.js';
import { timestampsOf } from './models.js';
import { RowKeys, textOfKey } from './row-keys.js';
import { showStored } from './unsaved-values.js';

type Values = Record<string, unknown>;

/** The options of `bulkCreate`, as Sequelize hands them to its hooks and goes on with them. */
interface Options extends Omit<BulkCreateOptions, 'fields' | 'updateOnDuplicate'> {
  readonly model: ModelStatic<Model>;
  readonly upsertKeys?: readonly string[];
  readonly conflictFields?: readonly string[];
  fields?: string[];
  updateOnDuplicate?: string[] | undefined;
  skip?: string[];
  validate?: boolean;
}

/** The classes of Sequelize's errors, which its declarations do not give to the class `Sequelize`. */
interface ErrorClasses {
  readonly AggregateError: new (errors: readonly Error[]) => Error;
  readonly BulkRecordError: new (error: Error, row: Model) => Error;
}

/** The rows that one `bulkCreate` or `upsert` is to insert, between its hooks. */
export class NewRows {
  readonly #rows: readonly Model[];
  readonly #options: Options;
  readonly #model: ModelStatic<Model>;
  readonly #keys: RowKeys;
  /** The values that the rows had when they were looked at last. */
  #known: readonly Values[];

  constructor(rows: readonly Model[], options: HookOptions) {
    this.#rows = rows;
    this.#options = options as Options;
    this.#model = this.#options.model;
    this.#keys = new RowKeys(this.#model, 'attributes');
    this.#known = rows.map(valuesOf);
  }

  /** Validates them, where Sequelize would do that behind its hooks. */
  async validate(): Promise<void> {
    if (!this.#options.validate) return;
    const options = { ...this.#options, hooks: !!this.#options.individualHooks };
    const errors: Error[] = [];
    const classes = this.#sequelize.constructor as unknown as ErrorClasses;
    const validate = async (row: Model): Promise<void> => {
      try {
        await row.validate(options as object);
      } catch (error) {
        errors.push(new classes.BulkRecordError(error as Error, row));
      }
    };
    await Promise.all(this.#rows.map(validate));
    if (errors.length > 0) throw new classes.AggregateError(errors);
    this.#known = this.#rows.map(valuesOf);
  }

  /**
   * Has what was set since then be written, also to rows that are there already, and validated.
   *
   * @throws `SIGNALS_UNKNOWN_ROWS` when rows that are there would lose what others are given.
   */
  writeChanges(): void {
    const changed = this.#changedFields();
    this.#known = this.#rows.map(valuesOf);
    this.#updateAlso(changed);
    if (!this.#options.validate) return;

    const named = this.#options.fields ?? changed;
    const attributes = Object.keys(this.#model.getAttributes());
    this.#options.validate = changed.length > 0;
    this.#options.skip = attributes.filter(
      (name) => !changed.includes(name) || !named.includes(name),
    );
  }

  /** Has what was set since then be written by `upsert`. */
  writeToUpsert(): void {
    const [row] = this.#rows;
    const changed = this.#changedFields();
    this.#known = this.#rows.map(valuesOf);
    if (row) addValues(this.#model, this.#options, pick(row, changed));
  }

  /**
   * Has the rows of `bulkCreate` show no keys and values but their own. Where some were there already,
   * Sequelize hands out what it hears of in the order of the rows, as if all had been inserted.
   */
  async correctKeys(): Promise<void> {
    const { updateOnDuplicate, ignoreDuplicates, upsertKeys = [] } = this.#options;
    if (updateOnDuplicate)
      return this.#lookUpKeys(upsertKeys.map((field) => this.#attributeOf(field)));
    if (ignoreDuplicates && this.#rows.some((row, at) => !this.#hasOwnKey(row, at))) this.#forget();
  }

  /** Has the row of `upsert` show the key that is stored. */
  async correctKey(): Promise<void> {
    const { fields = [], conflictFields } = this.#options;
    if (fields.some((name) => this.#model.primaryKeyAttributes.includes(name))) return;

    const unique = conflictFields ? [conflictFields] : uniqueFieldsOf(this.#model);
    const names = unique
      .map((columns) => columns.map((field) => this.#attributeOf(field)))
      .find((attributes) => this.#rows.every((row) => isWhole(pick(row, attributes))));
    if (names) await this.#lookUpKeys(names);
  }

  /** @param names - the attributes by which the database found that a row is there. */
  async #lookUpKeys(names: readonly string[]): Promise<void> {
    const { primaryKeyAttributes } = this.#model;
    if (dialectOf(this.#sequelize).returnsRows || !this.#keys.exist) return;
    // A row that is found by its key has that key.
    if (names.every((name) => primaryKeyAttributes.includes(name))) return;

    const { transaction, logging, benchmark } = this.#options;
    const stored = await this.#model.unscoped().findAll({
      where: this.#keys.anyOf(this.#rows.map((row) => pick(row, names)).filter(isWhole)),
      paranoid: false,
      transaction,
      logging,
      benchmark,
    } as FindOptions);
    const byNames = new Map(stored.map((row) => [textOfKey(pick(row, names)), this.#keys.of(row)]));
    this.#rows.forEach((row, at) => {
      showStored(row, { ...this.#givenKey(at), ...byNames.get(textOfKey(pick(row, names))) });
    });
  }

  get #sequelize(): Sequelize {
    return this.#model.sequelize as Sequelize;
  }

  #changedFields(): string[] {
    const attributes = Object.keys(this.#model.getAttributes());
    return attributes.filter((name) =>
      this.#rows.some((row, at) => this.#isChanged(row, at, name)),
    );
  }

  #isChanged(row: Model, at: number, name: string): boolean {
    return row.getDataValue(name as never) !== this.#known[at]?.[name];
  }

  #updateAlso(changed: readonly string[]): void {
    const { updateOnDuplicate, fields } = this.#options;
    const { name, primaryKeyAttributes } = this.#model;
    if (!updateOnDuplicate) return;

    const added = changed.filter(
      (field) =>
        !updateOnDuplicate.includes(field) &&
        !primaryKeyAttributes.includes(field) &&
        (fields === undefined || fields.includes(field)),
    );
    const partly = added.find((field) =>
      this.#rows.some((row) => row.getDataValue(field as never) === undefined),
    );
    if (partly !== undefined) {
      throw new SignalsError(
        'SIGNALS_UNKNOWN_ROWS',
        `A receiver of preBulkCreate set "${partly}" of some rows of ${name}, and "updateOnDuplicate" ` +
          'would empty it in the others that are there already. Set it in all of them.',
      );
    }
    updateOnDuplicate.push(...added);
  }

  /** Whether a row has the key that it was given, or has got one. */
  #hasOwnKey(row: Model, at: number): boolean {
    return Object.entries(this.#givenKey(at)).every(([name, given]) => {
      const now: unknown = row.getDataValue(name as never);
      return (given ?? null) === null ? (now ?? null) !== null : now === given;
    });
  }

  #givenKey(at: number): Values {
    const names = this.#model.primaryKeyAttributes;
    return Object.fromEntries(names.map((name) => [name, this.#known[at]?.[name]]));
  }

  /** Takes back what the rows were given that is known to be of others. */
  #forget(): void {
    this.#rows.forEach((row, at) => {
      const others = Object.keys(row.dataValues as Values).map(
        (name) => [name, undefined] as const,
      );
      const times = pick(row, timestampsOf(this.#model));
      showStored(row, { ...Object.fromEntries(others), ...times, ...this.#known[at] });
    });
  }

  #attributeOf(field: string): string {
    const attributes = Object.entries(this.#model.getAttributes());
    return attributes.find(([, { field: column }]) => column === field)?.[0] ?? field;
  }
}

function valuesOf(row: Model): Values {
  return { ...(row.dataValues as Values) };
}

function pick(row: Model, names: readonly string[]): Values {
  return Object.fromEntries(names.map((name) => [name, row.getDataValue(name as never)]));
}

/** Whether a row with these values can be found by them: NULL is like nothing. */
function isWhole(values: Values): boolean {
  return Object.values(values).every((value) => (value ?? null) !== null);
}

/** The columns of each unique key, as Sequelize was told of them. */
function uniqueFieldsOf(model: ModelStatic<Model>): readonly (readonly string[])[] {
  const { uniqueKeys, _indexes: indexes } = model as unknown as {
    readonly uniqueKeys: Readonly<Record<string, { readonly fields: readonly string[] }>>;
    readonly _indexes: readonly { readonly unique?: boolean; readonly fields: readonly string[] }[];
  };
  return [...Object.values(uniqueKeys), ...indexes.filter(({ unique }) => unique)].map(
    ({ fields }) => fields,
  );
}
