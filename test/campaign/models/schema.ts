import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import { INVALID_N } from './generate-models.js';

export type Row = Model & Record<string, unknown>;
export type Table = ModelStatic<Row>;

/** The values of a row, as text: databases have other types for the same. */
export type Values = Record<string, string | null>;

/** All rows of all tables, by their tables and their keys. */
export type State = ReadonlyMap<string, ReadonlyMap<string, Values>>;

/** What is to be known of a table to compare its rows. */
export interface TableFacts {
  readonly table: string;
  /** What tells one row from all others. */
  readonly identity: readonly string[];
  /** What nobody else may have, besides. */
  readonly unique: string | undefined;
  readonly columns: readonly string[];
}

const FACTS: readonly TableFacts[] = [
  fact('Item', ['id'], 'key', ['key', 'n', 'note', 'live']),
  fact('Draft', ['id'], 'key', ['key', 'n', 'note', 'deletedAt']),
  fact('Page', ['id'], 'key', ['key', 'n', 'note', 'version']),
  fact('Pair', ['one', 'two'], undefined, ['n', 'note']),
  fact('Memo', ['key'], 'key', ['n', 'note']),
  fact('Part', ['id'], undefined, ['n', 'note', 'ItemId']),
  fact('Tag', ['id'], 'key', ['key', 'n']),
  fact('Label', ['id'], 'key', ['key', 'n']),
  fact('ItemTag', ['ItemId', 'TagId'], undefined, []),
  fact('Sticker', ['ItemId', 'LabelId'], undefined, []),
];

/** The tables whose rows are deleted by the database together with others. */
export const LINKS = [
  { links: 'ItemTag', one: 'ItemId', other: 'TagId', otherTable: 'Tag' },
  { links: 'Sticker', one: 'ItemId', other: 'LabelId', otherTable: 'Label' },
] as const;

/** The models that programs are about, in one database. */
export class Schema {
  readonly sequelize: Sequelize;
  readonly #models = new Map<string, Table>();
  #sql: string | undefined;

  constructor(sequelize: Sequelize) {
    this.sequelize = sequelize;
    const define = (name: string, attributes: object, options: object = {}): Table => {
      const whole = { timestamps: false, ...options };
      const model = sequelize.define<Row>(name, attributes as never, whole);
      this.#models.set(name, model);
      return model;
    };
    const key = { type: DataTypes.STRING, unique: true };
    const n = { type: DataTypes.INTEGER, validate: { max: INVALID_N - 1 } };
    const note = DataTypes.STRING;
    const renamed = { ...n, field: 'number' };
    const live = { type: DataTypes.INTEGER, defaultValue: 1 };
    const Item = define(
      'Item',
      { key, n: renamed, note, live },
      { scopes: { few: { where: { n: [0, 1] } } } },
    );
    define('Draft', { key, n: renamed, note }, { timestamps: true, paranoid: true });
    define('Page', { key, n, note }, { timestamps: true, version: true });
    const part = { type: DataTypes.INTEGER, primaryKey: true };
    define('Pair', { one: part, two: { ...part, field: 'second' }, n, note });
    define('Memo', { key, n, note }).removeAttribute('id');
    const Part = define('Part', { n, note });
    const [Tag, Label] = [define('Tag', { key, n }), define('Label', { key, n })];
    const Sticker = define('Sticker', {});
    Item.hasMany(Part);
    Part.belongsTo(Item);
    Item.belongsToMany(Tag, { through: 'ItemTag', timestamps: false });
    Tag.belongsToMany(Item, { through: 'ItemTag', timestamps: false });
    Item.belongsToMany(Label, { through: Sticker });
    Label.belongsToMany(Item, { through: Sticker });
    this.#models.set('ItemTag', sequelize.model('ItemTag') as Table);
  }

  model(table: string): Table {
    const model = this.#models.get(table);
    if (model === undefined) throw new Error(`There is no ${table}.`);
    return model;
  }

  /** Deletes all rows, without a signal. */
  async clear(): Promise<void> {
    const queries = this.sequelize.getQueryInterface();
    const tables = ['ItemTag', 'Sticker', 'Part', ...FACTS.map(({ table }) => table)];
    for (const table of new Set(tables))
      await queries.bulkDelete(this.model(table).getTableName(), {});
  }

  /** What is stored now, as the current transaction sees it. */
  async snapshot(): Promise<State> {
    this.#sql ??= FACTS.map((facts) => this.#select(facts)).join(' UNION ALL ');
    const rows = (await this.sequelize.query(this.#sql, { type: 'SELECT' } as never)) as unknown[];
    const state = new Map(FACTS.map(({ table }) => [table, new Map<string, Values>()]));
    for (const row of rows as Record<string, string | null>[]) {
      const facts = factsOf(row.t as string);
      const names = [...facts.identity, ...facts.columns];
      const values = Object.fromEntries(names.map((name, at) => [name, row[`c${at}`] ?? null]));
      state.get(facts.table)?.set(identityOf(facts, values), values);
    }
    return state;
  }

  #select({ table, identity, columns }: TableFacts): string {
    const queries = this.sequelize.getQueryInterface();
    const quote = (name: string) => queries.quoteIdentifier(name, true);
    const attributes = this.model(table).getAttributes();
    const text = this.sequelize.getDialect() === 'postgres' ? 'TEXT' : 'CHAR(99)';
    const names = [...identity, ...columns];
    const selected = Array.from({ length: 6 }, (_, at) => {
      const name = names[at];
      const column = name && quote(attributes[name]?.field ?? name);
      if (name === undefined || column === undefined) return `NULL AS c${at}`;
      if (name === 'deletedAt')
        return `CASE WHEN ${column} IS NULL THEN '0' ELSE '1' END AS c${at}`;
      return `CAST(${column} AS ${text}) AS c${at}`;
    });
    const tableName = quote(String(this.model(table).getTableName()));
    return `SELECT '${table}' AS t, ${selected.join(', ')} FROM ${tableName}`;
  }
}

export function factsOf(table: string): TableFacts {
  const facts = FACTS.find((each) => each.table === table);
  if (facts === undefined) throw new Error(`There is no ${table}.`);
  return facts;
}

export function identityOf({ identity }: TableFacts, values: Values): string {
  return identity.map((name) => values[name]).join('/');
}

/** A value as snapshots have it. */
export function asText(name: string, value: unknown): string | null {
  if (name === 'deletedAt') return (value ?? null) === null ? '0' : '1';
  return (value ?? null) === null ? null : String(value);
}

function fact(
  table: string,
  identity: readonly string[],
  unique: string | undefined,
  columns: readonly string[],
): TableFacts {
  return { table, identity, unique, columns };
}
