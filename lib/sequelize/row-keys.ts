import type { Model, ModelStatic, WhereOptions } from 'sequelize';
import { sequelizeClassOf } from './sequelize-class.js';

/** The primary key of a row. */
export type RowKey = Readonly<Record<string, unknown>>;

/** SQLite allows for an expression with a depth of 1000. */
const MOST_ALTERNATIVES = 500;

/** The primary keys of rows of a model, in conditions that name attributes, or columns. */
export class RowKeys {
  readonly #model: ModelStatic<Model>;
  /** The attributes of the key, by the names that conditions have for them. */
  readonly #attributes: ReadonlyMap<string, string>;

  constructor(model: ModelStatic<Model>, names: 'attributes' | 'columns') {
    this.#model = model;
    const columnOf = (attribute: string) => model.getAttributes()[attribute]?.field ?? attribute;
    this.#attributes = new Map(
      model.primaryKeyAttributes.map((attribute) => [
        names === 'columns' ? columnOf(attribute) : attribute,
        attribute,
      ]),
    );
  }

  /** Whether the model has a primary key at all. */
  get exist(): boolean {
    return this.#attributes.size > 0;
  }

  of(row: Model): RowKey {
    return this.ofValues(row.dataValues as RowKey);
  }

  /** The key of a row with these values, by attribute. */
  ofValues(values: Readonly<Record<string, unknown>>): RowKey {
    const entries = [...this.#attributes].map(([name, attribute]) => [name, values[attribute]]);
    return Object.fromEntries(entries);
  }

  /** The condition for the rows with these keys, which are none for an empty list. */
  where(keys: readonly RowKey[]): WhereOptions {
    const [name, ...others] = this.#attributes.keys();
    if (name === undefined || others.length > 0) return this.anyOf(keys);
    return { [name]: keys.map((key) => key[name]) } as WhereOptions;
  }

  /** The condition for whatever meets one of some. */
  anyOf(conditions: readonly WhereOptions[]): WhereOptions {
    const { literal, Op: operators } = sequelizeClassOf(this.#model);
    if (conditions.length === 0) return literal('1 = 0') as never;
    if (conditions.length <= MOST_ALTERNATIVES) return { [operators.or]: [...conditions] };

    const size = Math.ceil(conditions.length / MOST_ALTERNATIVES);
    const groups = Array.from({ length: Math.ceil(conditions.length / size) }, (_, index) =>
      this.anyOf(conditions.slice(index * size, (index + 1) * size)),
    );
    return { [operators.or]: groups };
  }
}

/** The same text for the same key. */
export function textOfKey(key: RowKey): string {
  return JSON.stringify(Object.values(key), (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}
