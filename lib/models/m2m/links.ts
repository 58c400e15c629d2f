import type { Identifier, Model, Transaction } from 'sequelize';
import { isSame } from '../../base/index.js';
import type { ChangeOptions, Database, RelationSide } from '../../sequelize/index.js';
import { postDelete, preDelete } from '../delete/delete-signals.js';
import { isAnyHeard } from '../listening.js';
import { type LinkTargetValues, sourceKeyOf } from './link-targets.js';
import { type M2MChanged, m2mChanged } from './m2m-signals.js';
import type { TargetKeys } from './target-keys.js';

type Row = Readonly<Record<string, unknown>>;

/** The options of a call that changes links, in its block. */
export interface OptionsInBlock extends ChangeOptions {
  readonly transaction: Transaction;
}

const ROW_SIGNALS = [preDelete, postDelete];

/** The links of one instance on one side of a relation, while a call changes them in its block. */
export class Links {
  readonly #database: Database;
  readonly #side: RelationSide;
  readonly #keys: TargetKeys;
  readonly #source: Model;
  readonly #keyOfSource: Identifier;
  readonly #options: OptionsInBlock;

  constructor(database: Database, keys: TargetKeys, source: Model, options: OptionsInBlock) {
    this.#database = database;
    this.#side = keys.side;
    this.#keys = keys;
    this.#source = source;
    this.#keyOfSource = sourceKeyOf(keys.side, source);
    this.#options = options;
  }

  /** Links the targets that are not linked yet, and resolves to the rows of the new links. */
  async add(targets: LinkTargetValues): Promise<unknown> {
    if (targets.size === 0) return undefined;
    const linked = await this.#rows([...targets.keys()]);
    const missing = new Set([...targets.keys()].filter((key) => !linked.has(key)));

    await this.#send('pre_add', missing);
    const added = await this.#insert([...missing], targets);
    for (const [key, row] of linked) await this.#updateIfDifferent(key, row, targets);
    await this.#send('post_add', missing);
    return added;
  }

  /** Unlinks the targets with these keys, and resolves to the number of deleted rows. */
  async remove(keys: Iterable<Identifier>): Promise<number> {
    const asked = new Set(keys);
    if (asked.size === 0) return 0;

    await this.#send('pre_remove', asked);
    const removed = await this.#delete([...asked]);
    await this.#send('post_remove', asked);
    return removed;
  }

  /** Unlinks everything. */
  async clear(): Promise<void> {
    await this.#send('pre_clear', null);
    await this.#delete();
    await this.#send('post_clear', null);
  }

  /** Leaves the targets linked and nothing else: unlinks first, then links (D-181). */
  async set(targets: LinkTargetValues | null): Promise<void> {
    if (targets === null || this.#options.clear) await this.clear();
    if (targets !== null) await this.#replace(targets);
  }

  async #replace(targets: LinkTargetValues): Promise<void> {
    const linked = await this.#rows();
    const obsolete = [...linked.keys()].filter((key) => !targets.has(key));
    const missing = [...targets].filter(([key]) => !linked.has(key));
    const kept = [...targets.keys()].filter((key) => linked.has(key));

    await this.remove(obsolete);
    for (const key of kept) await this.#update(key, this.#valuesFor(key, targets));
    await this.add(new Map(missing));
  }

  async #send(action: M2MChanged['action'], pkSet: Set<Identifier> | null): Promise<void> {
    const payload = {
      instance: this.#source,
      action,
      reverse: this.#side.isDeclaredSecond,
      model: this.#side.target,
      pkSet,
      using: this.#database.alias,
      transaction: this.#options.transaction,
    };
    await m2mChanged.send(this.#side.linkModel, payload as M2MChanged);
  }

  /** The rows of the links, or of those to some targets, by the keys of their targets. */
  async #rows(keys?: Identifier[]): Promise<Map<Identifier, Row>> {
    const side = this.#side;
    const where = side.linksOf(this.#keyOfSource, keys);
    const rows: unknown[] = await side.linkModel.findAll({ ...this.#options, where, raw: true });
    return new Map((rows as Row[]).map((row) => [this.#keys.ofLink(row), row]));
  }

  #valuesFor(key: Identifier, targets: LinkTargetValues): Row {
    return { ...this.#options.through, ...targets.get(key) };
  }

  async #insert(keys: readonly Identifier[], targets: LinkTargetValues): Promise<unknown> {
    if (keys.length === 0) return undefined;
    const rows = keys.map((key) => ({
      ...this.#valuesFor(key, targets),
      ...this.#side.linksOf(this.#keyOfSource, key),
    }));
    return this.#side.linkModel.bulkCreate(rows, { validate: true, ...this.#options });
  }

  async #updateIfDifferent(key: Identifier, row: Row, targets: LinkTargetValues): Promise<void> {
    const values = this.#valuesFor(key, targets);
    const isDifferent = Object.keys(values).some((name) => !isSame(values[name], row[name]));
    if (isDifferent) await this.#update(key, values);
  }

  async #update(key: Identifier, values: Row): Promise<void> {
    if (Object.keys(values).length === 0) return;
    const where = this.#side.linksOf(this.#keyOfSource, [key]);
    await this.#side.linkModel.update(values, { ...this.#options, where });
  }

  async #delete(keys?: Identifier[]): Promise<number> {
    const { linkModel } = this.#side;
    const where = this.#side.linksOf(this.#keyOfSource, keys);
    // Rows of a model of one's own are deleted with their own signals (D-196).
    const individualHooks = isAnyHeard(linkModel, ROW_SIGNALS);
    return linkModel.destroy({
      ...this.#options,
      ...(individualHooks && { individualHooks }),
      where,
    });
  }
}
