import type { FindOptions, Identifier, Model, Transaction, WhereOptions } from 'sequelize';
import { isSame } from '../../base/index.js';
import {
  type ChangeOptions,
  type Database,
  NewLinks,
  type RelationSide,
} from '../../sequelize/index.js';
import { postDelete, preDelete } from '../delete/delete-signals.js';
import { isAnyHeard } from '../listening.js';
import { type LinkTargetValues, sourceKeyOf } from './link-targets.js';
import type { M2MChanged } from './m2m-signals.js';
import { sendLinksChange } from './send-links-change.js';
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
    this.#options = forLinks(options);
  }

  /**
   * Links the targets that are not linked yet. Resolves as Sequelize does: to the rows of the new
   * links, or where there are none to what became of the first that got other values.
   */
  async add(targets: LinkTargetValues): Promise<unknown> {
    return this.#add(targets, await this.#rows([...targets.keys()]));
  }

  /** Unlinks the targets with these keys, and resolves to the number of deleted rows. */
  async remove(keys: Iterable<Identifier>): Promise<number> {
    const asked = new Set(keys);

    await this.#send('pre_remove', asked);
    const where = this.#side.linksOf(this.#keyOfSource, [...asked]);
    const removed = await this.#delete(where);
    await this.#send('post_remove', asked);
    return removed;
  }

  /**
   * Leaves the targets linked and nothing else: unlinks first, then links (D-181). Resolves as
   * Sequelize does, to what became of each statement that it took: updates, deletion, new links.
   */
  async set(targets: LinkTargetValues | null): Promise<unknown[]> {
    if (targets !== null && !this.#options.clear) return this.#replace(targets);

    const removed = await this.#clear();
    const results: unknown[] = removed > 0 ? [removed] : [];
    if (targets !== null && targets.size > 0) results.push(await this.#add(targets, new Map()));
    return results;
  }

  /** Unlinks everything. */
  async #clear(): Promise<number> {
    await this.#send('pre_clear', null);
    const removed = await this.#delete(this.#side.allLinksOf(this.#keyOfSource));
    await this.#send('post_clear', null);
    return removed;
  }

  async #replace(targets: LinkTargetValues): Promise<unknown[]> {
    const linked = await this.#rows();
    const obsolete = [...linked.keys()].filter((key) => !targets.has(key));
    const missing = [...targets].filter(([key]) => !linked.has(key));
    const kept = [...linked.keys()].filter((key) => targets.has(key));

    const removed = obsolete.length > 0 ? [await this.remove(obsolete)] : [];
    const updated: unknown[] = [];
    for (const key of kept) {
      const values = this.#valuesFor(key, targets);
      if (hasAny(values)) updated.push(await this.#update(key, values));
    }
    const added = missing.length > 0 ? [await this.#add(new Map(missing), new Map())] : [];
    return [...updated, ...removed, ...added];
  }

  /** @param linked - the rows of the targets that are linked already. */
  async #add(targets: LinkTargetValues, linked: ReadonlyMap<Identifier, Row>): Promise<unknown> {
    const missing = new Set([...targets.keys()].filter((key) => !linked.has(key)));

    await this.#send('pre_add', missing);
    const asked = [...missing];
    const added = await this.#insert(missing, targets);
    const updated: unknown[] = [];
    for (const [key, row] of linked) {
      const values = this.#valuesFor(key, targets);
      if (isDifferent(values, row)) updated.push(await this.#update(key, values));
    }
    await this.#send('post_add', missing);
    return asked.length > 0 ? added : updated[0];
  }

  #send(action: M2MChanged['action'], pkSet: Set<Identifier> | null): Promise<void> {
    const change = { instance: this.#source, action, pkSet };
    return sendLinksChange(this.#database, this.#side, change, this.#options.transaction);
  }

  /** The rows of the links, or of those to some targets, by the keys of their targets. */
  async #rows(keys?: Identifier[]): Promise<Map<Identifier, Row>> {
    const side = this.#side;
    const where = side.linksOf(this.#keyOfSource, keys);
    // The option, and that of the model, are about what callers look for: no link is no failure.
    const reading = { ...this.#options, where, raw: true, rejectOnEmpty: false } as FindOptions;
    const rows = (await side.linkModel.findAll(reading)) as unknown[] as Row[];
    return new Map(rows.flatMap((row) => this.#byTarget(row)));
  }

  #byTarget(row: Row): [Identifier, Row][] {
    const key = this.#keys.ofLink(row);
    return key === undefined ? [] : [[key, row]];
  }

  #valuesFor(key: Identifier, targets: LinkTargetValues): Row {
    return { ...this.#options.through, ...targets.get(key) };
  }

  /** Inserts links, and leaves none in the set that others have inserted meanwhile (D-198). */
  async #insert(missing: Set<Identifier>, targets: LinkTargetValues): Promise<Model[]> {
    const values = new Map([...missing].map((key) => [key, this.#valuesFor(key, targets)]));
    const links = await new NewLinks(this.#side, this.#keyOfSource, this.#options).insert(values);
    if (links.length >= values.size) return links;

    const made = new Set(links.map((link) => this.#keys.ofLink(link.dataValues as Row)));
    for (const [key, others] of values) {
      if (made.has(key)) continue;
      missing.delete(key);
      if (hasAny(others)) await this.#update(key, others);
    }
    return links;
  }

  async #update(key: Identifier, values: Row): Promise<unknown> {
    const where = this.#side.linksOf(this.#keyOfSource, [key]);
    return this.#side.linkModel.update(values, { ...this.#options, where });
  }

  async #delete(where: WhereOptions): Promise<number> {
    const { linkModel, throughModel } = this.#side;
    // Rows of a model of one's own are deleted with their own signals (D-196).
    const individualHooks = isAnyHeard(throughModel, ROW_SIGNALS);
    return linkModel.destroy({
      ...this.#options,
      ...(individualHooks && { individualHooks }),
      where,
    });
  }
}

/** Without the `include` of `createX`, which is about the target: links have nothing to include. */
function forLinks(options: OptionsInBlock): OptionsInBlock {
  const { include: _ofTarget, ...own } = options;
  return own;
}

function hasAny(values: Row): boolean {
  return Object.keys(values).length > 0;
}

function isDifferent(values: Row, row: Row): boolean {
  return Object.keys(values).some((name) => !isSame(values[name], row[name]));
}
