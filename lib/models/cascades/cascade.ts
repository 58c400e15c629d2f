import type { DestroyOptions, Model } from 'sequelize';
import {
  type Database,
  deleteRows,
  modelItself,
  ReferringRows,
  runRowHooks,
} from '../../sequelize/index.js';
import { type FromOrigin, ORIGIN } from '../delete/deletion-options.js';
import { rollBackWith } from '../instances/rollback.js';
import type { CollectedRow, CollectedRows, Collection, References } from './collection.js';
import { Collector, type RootRows } from './collector.js';
import { DeletionGraph } from './deletion-graph.js';
import { noteRefusal } from './refusals.js';

/** On the options of a deletion, those that hooks get as well: the cascade that it is a part of. */
export const CASCADE: unique symbol = Symbol('cascade');

/** The options of a deletion that may be a part of a cascade. */
export interface InCascade extends FromOrigin {
  [CASCADE]?: Cascade | undefined;
}

type Options = DestroyOptions & InCascade;

/** The rows that a deletion begins with: Sequelize deletes them, and their hooks are its own matter. */
export interface Roots extends RootRows {
  /** Tells of one before anything is deleted. */
  before(row: Model): Promise<void>;
  /** Tells of one when it has been deleted. */
  after(row: Model): Promise<void>;
}

/**
 * A deletion with all that it takes along, as of Django's collector (D-141): all rows are told of
 * before, then come the updates, and then for each model the deletion and what comes after it.
 */
export class Cascade {
  readonly #database: Database;
  readonly #options: Options;
  /** What the hooks of rows get that are taken along: these are deleted for good, as the database does. */
  readonly #optionsOfRows: Options;
  readonly #rows = new WeakSet<Model>();
  #roots: Roots | undefined;
  #collection: Collection = { groups: [], deletions: [], updates: [] };

  /** @param options - those of the call, with the transaction of its block. */
  constructor(database: Database, options: Options) {
    this.#database = database;
    this.#options = options;
    const { where, limit, truncate, individualHooks, ...others } = options;
    this.#optionsOfRows = { ...others, force: true, [CASCADE]: this };
  }

  /** Whether an instance is one of the rows that are deleted, and was not found by somebody else. */
  includes(instance: Model): boolean {
    return this.#rows.has(instance);
  }

  /**
   * Collects, tells of all rows, and deletes what has to go before the rows that it began with.
   *
   * @throws `ProtectedError` before it told of any row.
   */
  async before(roots: Roots): Promise<void> {
    this.#roots = roots;
    for (const row of roots.rows) this.#rows.add(row);
    this.#collection = await this.#collect(roots);
    for (const { rows } of this.#collection.groups) {
      for (const row of rows) await this.#tellBefore(row);
    }
    for (const references of this.#collection.deletions)
      await this.#rowsWith(references).delete(references.values);
    for (const references of this.#collection.updates)
      await this.#rowsWith(references).clear(references.values);

    const [earlier, own] = this.#dividedByRoots();
    for (const group of earlier) await this.#delete(group);
    if (own) await this.#deleteDependantsIn(own);
  }

  /** Tells of the rows that it began with, which are deleted by now, and deletes the others. */
  async after(): Promise<void> {
    const [, own, later] = this.#dividedByRoots();
    if (own) await this.#tellAfter(own);
    for (const group of later) await this.#delete(group);
  }

  async #collect(roots: Roots): Promise<Collection> {
    const loaded = (rows: readonly Model[]): void => {
      for (const row of rows) this.#rows.add(row);
      rollBackWith(this.#database, this.#options.transaction, rows);
    };
    const collector = new Collector(new DeletionGraph(roots.model), this.#options, loaded);
    try {
      return await collector.collect(roots);
    } catch (error) {
      noteRefusal(error, this.#options[ORIGIN]);
      throw error;
    }
  }

  /** Those before the model that the deletion began with, that one, and those after it: there are some in a circle. */
  #dividedByRoots(): [CollectedRows[], CollectedRows | undefined, CollectedRows[]] {
    const { groups } = this.#collection;
    const position = groups.findIndex(
      ({ model }) => this.#roots && modelItself(model) === modelItself(this.#roots.model),
    );
    return [groups.slice(0, Math.max(position, 0)), groups[position], groups.slice(position + 1)];
  }

  async #tellBefore({ instance, isRoot }: CollectedRow): Promise<void> {
    if (instance === undefined) return;
    if (isRoot) await this.#roots?.before(instance);
    else await runRowHooks('beforeDestroy', instance, this.#optionsOfRows);
  }

  async #delete(group: CollectedRows): Promise<void> {
    await this.#deleteDependantsIn(group);
    await this.#tellAfter(group);
  }

  async #deleteDependantsIn({
    model,
    rows,
    foundBy,
    isLeftToDatabase,
  }: CollectedRows): Promise<void> {
    if (isLeftToDatabase) return;
    if (model.primaryKeyAttributes.length === 0) {
      for (const references of foundBy) await this.#rowsWith(references).delete(references.values);
      return;
    }
    const dependants = rows.filter(({ isRoot }) => !isRoot);
    await deleteRows(
      model,
      dependants.map(({ values }) => values),
      this.#options,
    );
  }

  async #tellAfter({ rows }: CollectedRows): Promise<void> {
    for (const { instance, isRoot } of rows.toReversed()) {
      if (instance === undefined) continue;
      if (isRoot) await this.#roots?.after(instance);
      else await runRowHooks('afterDestroy', instance, this.#optionsOfRows);
    }
  }

  #rowsWith({ key, target }: References): ReferringRows {
    return new ReferringRows(key, target, this.#options);
  }
}
