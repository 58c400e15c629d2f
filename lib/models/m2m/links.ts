import type { Identifier, Model, Transaction, WhereOptions } from 'sequelize';
import type { Database } from '../../sequelize/index.js';
import { m2mChanged, postDelete, preDelete } from '../model-signals.js';
import type { M2MChanged } from '../payloads.js';
import { isEitherHeard } from '../send.js';
import { normalKey } from './keys.js';
import { type ChangeOptions, isReverse, type ManyToMany } from './many-to-many.js';
import { sourceKeyOf, type ThroughValues } from './others.js';

type Row = Readonly<Record<string, unknown>>;

/** The links of one instance on one side of a relation, while a call changes them in its block. */
export class Links {
  readonly #database: Database;
  readonly #side: ManyToMany;
  readonly #source: Model;
  readonly #sourceKey: Identifier;
  readonly #options: ChangeOptions & { readonly transaction: Transaction };

  constructor(
    database: Database,
    side: ManyToMany,
    source: Model,
    options: ChangeOptions & { readonly transaction: Transaction },
  ) {
    this.#database = database;
    this.#side = side;
    this.#source = source;
    this.#sourceKey = sourceKeyOf(side, source);
    this.#options = options;
  }

  /** Links the others that are not linked yet, and resolves to their through rows. */
  async add(others: ThroughValues): Promise<unknown> {
    if (others.size === 0) return undefined;
    const rows = await this.#rows([...others.keys()]);
    const missing = new Set([...others.keys()].filter((key) => !rows.has(key)));

    await this.#send('pre_add', missing);
    const added = await this.#insert([...missing], others);
    for (const [key, row] of rows) await this.#updateIfDifferent(key, row, others);
    await this.#send('post_add', missing);
    return added;
  }

  /** Unlinks the others, and resolves to the number of deleted rows. */
  async remove(keys: Iterable<Identifier>): Promise<number> {
    const asked = new Set(keys);
    if (asked.size === 0) return 0;

    await this.#send('pre_remove', asked);
    const removed = await this.#delete(this.#of([...asked]));
    await this.#send('post_remove', asked);
    return removed;
  }

  /** Unlinks everything. */
  async clear(): Promise<void> {
    await this.#send('pre_clear', null);
    await this.#delete(this.#of());
    await this.#send('post_clear', null);
  }

  /** Leaves the others linked and nothing else: unlinks first, then links (D-181). */
  async set(others: ThroughValues | null): Promise<void> {
    if (others === null || this.#options.clear) await this.clear();
    if (others !== null) await this.#replace(others);
  }

  async #replace(others: ThroughValues): Promise<void> {
    const rows = await this.#rows();
    const obsolete = [...rows.keys()].filter((key) => !others.has(key));
    const missing = [...others].filter(([key]) => !rows.has(key));
    const kept = [...others.keys()].filter((key) => rows.has(key));

    await this.remove(obsolete);
    for (const key of kept) await this.#update(key, this.#valuesFor(key, others));
    await this.add(new Map(missing));
  }

  async #send(action: M2MChanged['action'], pkSet: Set<Identifier> | null): Promise<void> {
    const payload = {
      instance: this.#source,
      action,
      reverse: isReverse(this.#side),
      model: this.#side.target,
      pkSet,
      using: this.#database.alias,
      transaction: this.#options.transaction,
    };
    await m2mChanged.send(this.#side.through.model, payload as M2MChanged);
  }

  /**
   * The condition of the rows that link the instance, or those that link it with `keys`. It keeps
   * to the scope of the relation, which Sequelize's `remove` forgets.
   */
  #of(keys?: readonly Identifier[]): WhereOptions & object {
    const { identifier, foreignIdentifier, through } = this.#side;
    const own = { [identifier]: this.#sourceKey, ...through.scope };
    return keys ? { ...own, [foreignIdentifier]: [...keys] } : own;
  }

  async #rows(keys?: readonly Identifier[]): Promise<Map<Identifier, Row>> {
    const { target, targetKey, through, foreignIdentifier } = this.#side;
    const where = this.#of(keys);
    const rows: unknown[] = await through.model.findAll({ ...this.#options, where, raw: true });
    return new Map(
      (rows as Row[]).map((row) => [normalKey(target, targetKey, row[foreignIdentifier]), row]),
    );
  }

  #valuesFor(key: Identifier, others: ThroughValues): Row {
    return { ...this.#options.through, ...others.get(key) };
  }

  async #insert(keys: readonly Identifier[], others: ThroughValues): Promise<unknown> {
    if (keys.length === 0) return undefined;
    const { through, identifier, foreignIdentifier } = this.#side;
    const rows = keys.map((key) => ({
      ...this.#valuesFor(key, others),
      [identifier]: this.#sourceKey,
      [foreignIdentifier]: key,
      ...through.scope,
    }));
    return through.model.bulkCreate(rows, { validate: true, ...this.#options });
  }

  async #updateIfDifferent(key: Identifier, row: Row, others: ThroughValues): Promise<void> {
    const values = this.#valuesFor(key, others);
    const isDifferent = Object.keys(values).some((name) => values[name] !== row[name]);
    if (isDifferent) await this.#update(key, values);
  }

  async #update(key: Identifier, values: Row): Promise<void> {
    if (Object.keys(values).length === 0) return;
    await this.#side.through.model.update(values, { ...this.#options, where: this.#of([key]) });
  }

  async #delete(where: WhereOptions): Promise<number> {
    const { model } = this.#side.through;
    // Rows of a model of one's own are deleted with their own signals (D-196).
    const individualHooks = isEitherHeard(model, preDelete, postDelete);
    return model.destroy({ ...this.#options, ...(individualHooks && { individualHooks }), where });
  }
}
