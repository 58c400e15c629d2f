import type { Model, ModelStatic, Sequelize, Transaction, WhereOptions } from 'sequelize';
import type { ForeignKey } from './foreign-keys.js';
import { asBeside } from './models.js';
import { RowKeys } from './row-keys.js';

/** Values of a row, by attribute. */
export type RowValues = Readonly<Record<string, unknown>>;

/** What the statements of one call have in common. */
export interface StatementOptions {
  readonly transaction?: Transaction | null | undefined;
  readonly logging?: boolean | ((sql: string, timing?: number) => void) | undefined;
  readonly benchmark?: boolean | undefined;
}

/** Of how many rows one statement tells: text is limited, and so is what servers do about a list. */
const MOST_IN_STATEMENT = 500;

/**
 * The rows that refer to others by a foreign key. They are found as the database finds them: also
 * those that a scope hides, or that are marked as deleted.
 */
export class ReferringRows {
  /** The model of the rows, in the schema of those that they refer to. */
  readonly model: ModelStatic<Model>;
  readonly #key: ForeignKey;
  readonly #options: StatementOptions;

  constructor(key: ForeignKey, target: ModelStatic<Model>, options: StatementOptions) {
    this.model = asBeside(key.model, target);
    this.#key = key;
    this.#options = statementOptions(options);
  }

  /** Loads those that refer to one of some values, with all attributes. */
  async load(values: readonly unknown[]): Promise<Model[]> {
    const found = await inChunks(values, (chunk) => this.#find(chunk, {}));
    return found.flat() as Model[];
  }

  /** Reads these attributes of those that refer to one of some values. */
  async read(values: readonly unknown[], attributes: readonly string[]): Promise<RowValues[]> {
    const found = await inChunks(values, (chunk) =>
      this.#find(chunk, { attributes: [...attributes], raw: true }),
    );
    return found.flat() as RowValues[];
  }

  /** Deletes those that refer to one of some values. */
  async delete(values: readonly unknown[]): Promise<void> {
    await inChunks(values, (chunk) => deleteWhere(this.model, this.#where(chunk), this.#options));
  }

  /** Has those that refer to one of some values refer to nothing. */
  async clear(values: readonly unknown[]): Promise<void> {
    const { model } = this;
    const column = columnOf(model, this.#key.attribute);
    await inChunks(values, (chunk) =>
      queriesOf(model).bulkUpdate(
        model.getTableName(),
        { [column]: null },
        this.#where(chunk),
        { ...this.#options, model } as object,
        model.getAttributes() as never,
      ),
    );
  }

  #find(values: readonly unknown[], options: object): Promise<object[]> {
    const { transaction } = this.#options;
    return withoutScope(this.model).findAll({
      ...this.#options,
      ...options,
      where: { ...this.#key.scope, [this.#key.attribute]: [...values] },
      paranoid: false,
      hooks: false,
      ...(transaction && { lock: transaction.LOCK.UPDATE }),
    } as object);
  }

  #where(values: readonly unknown[]): WhereOptions {
    const { attribute, scope } = this.#key;
    const entries = Object.entries({ ...scope, [attribute]: [...values] });
    return Object.fromEntries(entries.map(([name, value]) => [columnOf(this.model, name), value]));
  }
}

/** Deletes the rows of a model that have the primary keys of some. */
export async function deleteRows(
  model: ModelStatic<Model>,
  rows: readonly RowValues[],
  options: StatementOptions,
): Promise<void> {
  const keys = new RowKeys(model, 'columns');
  await inChunks(rows, (chunk) => {
    const where = keys.where(chunk.map((row) => keys.ofValues(row)));
    return deleteWhere(model, where, statementOptions(options));
  });
}

/** Reads attributes of the row that an instance stands for; undefined when it is not there as such. */
export async function readStored(
  instance: Model,
  attributes: readonly string[],
  options: StatementOptions,
): Promise<RowValues | undefined> {
  const model = instance.constructor as ModelStatic<Model>;
  const { where } = instance as unknown as { where(checkVersion: boolean): object };
  const found: unknown = await withoutScope(model).findOne({
    ...statementOptions(options),
    where: where.call(instance, true),
    attributes: [...attributes],
    raw: true,
    paranoid: false,
    hooks: false,
  } as object);
  return (found ?? undefined) as RowValues | undefined;
}

function deleteWhere(
  model: ModelStatic<Model>,
  where: object,
  options: StatementOptions,
): Promise<unknown> {
  const type = 'BULKDELETE';
  return queriesOf(model).bulkDelete(
    model.getTableName(),
    where as never,
    { ...options, type, model } as object,
    model as never,
  );
}

function statementOptions({ transaction, logging, benchmark }: StatementOptions): StatementOptions {
  return {
    transaction,
    ...(logging !== undefined && { logging }),
    ...(benchmark !== undefined && { benchmark }),
  };
}

function queriesOf(model: ModelStatic<Model>): ReturnType<Sequelize['getQueryInterface']> {
  return (model.sequelize as Sequelize).getQueryInterface();
}

function columnOf(model: ModelStatic<Model>, attribute: string): string {
  return model.getAttributes()[attribute]?.field ?? attribute;
}

/** Instances of the model itself are what its receivers expect, where no scope is in the way. */
function withoutScope(model: ModelStatic<Model>): ModelStatic<Model> {
  const { _scope: scope } = model as unknown as { readonly _scope: object };
  return Object.keys(scope).length === 0 ? model : model.unscoped();
}

/** Sends statements for some of the items after another; none for an empty list. */
async function inChunks<Item, Result>(
  items: readonly Item[],
  send: (chunk: readonly Item[]) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let first = 0; first < items.length; first += MOST_IN_STATEMENT) {
    results.push(await send(items.slice(first, first + MOST_IN_STATEMENT)));
  }
  return results;
}
