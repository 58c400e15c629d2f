import type { BulkCreateOptions, FindOptions, Identifier, Model, Sequelize } from 'sequelize';
import { dialectOf } from './dialects.js';
import { expectingViolation } from './hook-options.js';
import { textOfValue } from './keys.js';
import { locksSeeLatest } from './latest-rows.js';
import { type ChangeOptions, isAutoCreated, type RelationSide } from './many-to-many.js';
import { deletionMarkOf } from './models.js';
import { RETURNED, ReturnedRows } from './row-statements.js';
import { isUniqueViolation } from './server-errors.js';

/** The values of new links, by the keys of their targets. */
export type NewLinkValues = ReadonlyMap<Identifier, object>;

/** The options of a call that inserts links; those of rows are not told apart by Sequelize's types. */
type Options = ChangeOptions & BulkCreateOptions;

/** Links that one source is to have, which others may be inserting at the same time. */
export class NewLinks {
  readonly #side: RelationSide;
  readonly #source: Identifier;
  readonly #options: Options;

  constructor(side: RelationSide, source: Identifier, options: ChangeOptions) {
    this.#side = side;
    this.#source = source;
    this.#options = { validate: true, ...(options as Options) };
  }

  /**
   * Inserts the links, but those that somebody else has inserted meanwhile: that is no failure, and
   * the block goes on. Resolves to the rows that were inserted by this very call. Other violations
   * of unique keys are failures, as ever.
   */
  async insert(values: NewLinkValues): Promise<Model[]> {
    if (values.size === 0) return [];
    const { skipsDuplicates, forgivesFailures } = dialectOf(this.#sequelize);
    const { individualHooks, updateOnDuplicate } = this.#options;
    // Sequelize saves these one by one, or has the caller say what becomes of rows that are there.
    if (individualHooks || updateOnDuplicate) return this.#bulkCreate(values);
    if (skipsDuplicates) return this.#insertOthers(values);
    return forgivesFailures ? this.#insertOrSkip(values) : this.#bulkCreate(values);
  }

  get #sequelize(): Sequelize {
    return this.#side.throughModel.sequelize as Sequelize;
  }

  #bulkCreate(values: NewLinkValues, options: object = {}): Promise<Model[]> {
    const rows = [...values].map(([key, each]) => ({
      ...each,
      ...this.#side.linksOf(this.#source, key),
    }));
    return this.#side.linkModel.bulkCreate(rows, { ...this.#options, ...options });
  }

  /** Has the server leave out what is there, where a failure would break the transaction. */
  async #insertOthers(values: NewLinkValues): Promise<Model[]> {
    const returned = new ReturnedRows();
    const skipping = { ignoreDuplicates: true, returning: true, [RETURNED]: returned };
    const links = await this.#bulkCreate(values, skipping);
    if (returned.rows.length === values.size) return links;

    const { targetColumn } = this.#side;
    const inserted = new Set(
      returned.rows.map((row) => textOfValue(this.#side.targetKeyAsLoaded(row[targetColumn]))),
    );
    const isInserted = (key: Identifier) => inserted.has(textOfValue(key));
    const others = [...values].filter(([key]) => !isInserted(key));
    const missing: [Identifier, object][] = [];
    for (const [key, each] of others) if (!(await this.#isThere(key))) missing.push([key, each]);
    // What else is in their way is told by the server.
    const late = await this.#bulkCreate(new Map(missing));
    return [...this.#oneForEach(links, isInserted), ...late];
  }

  /** Sequelize hands out the returned rows in the order of all: those that are left show them again. */
  #oneForEach(links: readonly Model[], isInserted: (key: Identifier) => boolean): Model[] {
    const byTarget = new Map<unknown, Model>();
    for (const link of links) {
      const key = this.#side.targetOf(link.dataValues as Record<string, unknown>);
      if (key === undefined || !isInserted(key)) continue;
      const identity = textOfValue(key);
      if (!byTarget.has(identity)) byTarget.set(identity, link);
    }
    return [...byTarget.values()];
  }

  /** Inserts one by one when that fails for all, where a failed statement undoes itself alone. */
  async #insertOrSkip(values: NewLinkValues): Promise<Model[]> {
    try {
      return await this.#bulkCreate(values, expectingViolation(this.#sequelize, {}));
    } catch (error) {
      const [first, ...others] = values.keys();
      if (!isUniqueViolation(error) || first === undefined) throw error;
      if (others.length > 0) return await this.#insertEach(values);
      if (await this.#isThere(first)) return [];
      throw error;
    }
  }

  async #insertEach(values: NewLinkValues): Promise<Model[]> {
    const links: Model[] = [];
    for (const one of values) links.push(...(await this.#insertOrSkip(new Map([one]))));
    return links;
  }

  /** Whether a link that could not be inserted is there, and nothing else was in its way. */
  async #isThere(key: Identifier): Promise<boolean> {
    const { throughModel, linkModel } = this.#side;
    // Such a model has no other unique key; but a link that is only marked as deleted keeps it.
    if (isAutoCreated(throughModel) && !deletionMarkOf(throughModel)) return true;

    const { transaction, logging, benchmark } = this.#options;
    const seesLatest = await locksSeeLatest(this.#sequelize, transaction);
    const row = await linkModel.findOne({
      where: this.#side.linksOf(this.#source, key),
      raw: true,
      rejectOnEmpty: false,
      transaction,
      logging,
      benchmark,
      ...(seesLatest && { lock: 'SHARE' }),
    } as FindOptions);
    return row !== null;
  }
}
