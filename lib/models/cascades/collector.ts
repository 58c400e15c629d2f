import type { Model, ModelStatic } from 'sequelize';
import { obtain } from '../../base/index.js';
import {
  compareKeys,
  type ForeignKey,
  modelItself,
  ReferringRows,
  type RowValues,
  readStored,
  type StatementOptions,
  storedValue,
  textOfValue,
  versionOf,
} from '../../sequelize/index.js';
import type { CollectedRow, CollectedRows, Collection, References } from './collection.js';
import { type DeletionGraph, isToldOfRows } from './deletion-graph.js';
import { orderOfDeletion } from './order-of-deletion.js';
import { ProtectedError } from './protected-error.js';

/** The rows that a deletion begins with. */
export interface RootRows {
  /** Their model, in their schema. */
  readonly model: ModelStatic<Model>;
  readonly rows: readonly Model[];
  /** Whether they were loaded for this deletion, and are as they are stored. */
  readonly areLoaded: boolean;
}

/** The rows of one model that were found so far. */
interface Found {
  /** The model, in the schema of the rows. */
  readonly model: ModelStatic<Model>;
  readonly rows: Map<unknown, CollectedRow>;
  readonly foundBy: References[];
}

interface GrowingReferences extends References {
  readonly values: unknown[];
}

/** Finds what a deletion takes along, as Django's collector does, and writes nothing. */
export class Collector {
  readonly #graph: DeletionGraph;
  readonly #options: StatementOptions;
  readonly #loaded: (rows: readonly Model[]) => void;
  /** By model, in the order in which they were found. */
  readonly #found = new Map<ModelStatic<Model>, Found>();
  readonly #leftOut = new Map<ForeignKey, GrowingReferences>();
  readonly #updates = new Map<ForeignKey, GrowingReferences>();
  readonly #protecting: { readonly key: ForeignKey; readonly rows: readonly Model[] }[] = [];

  /** @param loaded - is told of the instances that receivers are going to get. */
  constructor(
    graph: DeletionGraph,
    options: StatementOptions,
    loaded: (rows: readonly Model[]) => void,
  ) {
    this.#graph = graph;
    this.#options = options;
    this.#loaded = loaded;
  }

  /**
   * Collects what a deletion of these rows takes along.
   *
   * @throws {@link ProtectedError} when rows with `onDelete: 'RESTRICT'` refer to any of it.
   */
  async collect({ model, rows: roots, areLoaded }: RootRows): Promise<Collection> {
    const rows: CollectedRow[] = [];
    const gone: CollectedRow[] = [];
    for (const instance of roots) {
      const values = areLoaded ? instance.dataValues : await this.#valuesOf(instance);
      const row = { values: values ?? instance.dataValues, instance, isRoot: true };
      (values ? rows : gone).push(row);
    }
    if (this.#graph.concernsOthers(modelItself(model))) await this.#add(model, rows);
    else this.#note(model, rows);
    this.#note(model, gone);
    this.#assertUnprotected(model);
    return this.#collection();
  }

  /** Collects rows of a model that were not collected yet, and what they take along. */
  async #add(
    model: ModelStatic<Model>,
    rows: readonly CollectedRow[],
    references?: References,
  ): Promise<void> {
    const added = this.#note(model, rows, references);
    for (const key of this.#graph.keysTo(modelItself(model))) {
      const values = distinct(added.map(({ values }) => values[key.targetAttribute]));
      if (values.length > 0) await this.#follow({ key, target: model, values });
    }
  }

  async #follow(references: References): Promise<void> {
    const { key, target, values } = references;
    switch (key.onDelete) {
      case 'SET NULL':
        addTo(this.#updates, references);
        return;
      case 'RESTRICT':
        this.#protecting.push({
          key,
          rows: await new ReferringRows(key, target, this.#options).load(values),
        });
        return;
      case 'CASCADE':
        if (this.#graph.isNeeded(key.model)) await this.#cascade(references);
        else addTo(this.#leftOut, references);
    }
  }

  async #cascade(references: References): Promise<void> {
    const { key, target, values } = references;
    const referring = new ReferringRows(key, target, this.#options);
    if (!isToldOfRows(key.model)) {
      const found = await referring.read(values, this.#attributesToRead(key.model));
      const rows = found.map((row) => ({ values: row, instance: undefined, isRoot: false }));
      return this.#add(referring.model, rows, references);
    }
    const instances = await referring.load(values);
    const rows = instances.map((instance) => ({
      values: instance.dataValues as RowValues,
      instance,
      isRoot: false,
    }));
    await this.#add(referring.model, rows, references);
  }

  /** Notes rows, and returns those that were not known yet. */
  #note(
    model: ModelStatic<Model>,
    rows: readonly CollectedRow[],
    references?: References,
  ): readonly CollectedRow[] {
    if (rows.length === 0) return rows;
    const itself = modelItself(model);
    const found: Found = this.#found.get(itself) ?? { model, rows: new Map(), foundBy: [] };
    this.#found.set(itself, found);
    const added: CollectedRow[] = [];
    for (const row of rows) {
      const identity = identityOf(itself, row);
      if (found.rows.has(identity) || isFoundBy(found, row)) continue;
      found.rows.set(identity, row);
      added.push(row);
    }
    if (references) found.foundBy.push(references);
    this.#loaded(added.flatMap(({ instance, isRoot }) => (instance && !isRoot ? instance : [])));
    return added;
  }

  /** The values by which others refer to the row of an instance; undefined when it is not there. */
  async #valuesOf(instance: Model): Promise<RowValues | undefined> {
    const model = modelItself(instance.constructor as ModelStatic<Model>);
    if (!this.#graph.concernsOthers(model)) return instance.dataValues as RowValues;

    const attributes = this.#attributesToRead(model);
    const values = attributes.map((name) => [name, storedValue(instance, name)] as const);
    const isKnown = values.every(([, value]) => value !== undefined);
    // A row of another version is not going to be deleted, and so takes nothing along.
    if (isKnown && versionOf(model) === undefined) return Object.fromEntries(values);
    return readStored(instance, attributes, this.#options);
  }

  #attributesToRead(model: ModelStatic<Model>): readonly string[] {
    const targets = this.#graph.keysTo(model).map((key) => key.targetAttribute);
    return [...new Set([...model.primaryKeyAttributes, ...targets])];
  }

  #assertUnprotected({ name }: ModelStatic<Model>): void {
    const protecting = this.#protecting.filter(({ rows }) => rows.length > 0);
    if (protecting.length === 0) return;
    const keys = protecting.map(({ key }) => `${key.model.name}.${key.attribute}`);
    throw new ProtectedError(
      `Rows of ${name} cannot be deleted: others refer to them, or to what goes with them, by ${[...new Set(keys)].join(', ')}, ` +
        "which has onDelete: 'RESTRICT'. Delete those in `rows` first, or have them refer to others.",
      eachOnce(protecting.flatMap(({ rows }) => rows)),
    );
  }

  #collection(): Collection {
    const models = orderOfDeletion([...this.#found.keys()], (model) => this.#graph.keysTo(model));
    const groups = models.flatMap((model) => this.#groupOf(this.#found.get(model)));
    const deletions = [...this.#leftOut.values()].filter(
      ({ key }) =>
        !key.isConstraint ||
        [...this.#graph.cascadeOf(key.model)].some((model) => this.#isInTheWay(model)),
    );
    return { groups, deletions, updates: [...this.#updates.values()] };
  }

  #groupOf(found: Found | undefined): CollectedRows | readonly never[] {
    if (!found) return [];
    const { model, foundBy } = found;
    const rows = [...found.rows.values()];
    const itself = modelItself(model);
    const isLeftToDatabase =
      foundBy.every(({ key }) => key.isConstraint) && this.#mayBeLeft(itself, rows);
    rows.sort((one, other) => compareKeys(itself, one.values, other.values));
    return { model, rows, foundBy, isLeftToDatabase };
  }

  #mayBeLeft(model: ModelStatic<Model>, rows: readonly CollectedRow[]): boolean {
    // Rows that refer to one another have to go in one statement, which is that of the first ones.
    if (rows.some(({ isRoot }) => isRoot)) return this.#refuses(model, model);
    return rows.every(({ instance }) => instance === undefined) && !this.#isInTheWay(model);
  }

  /** Whether rows of a model, as long as they are there, may have the database refuse a deletion. */
  #isInTheWay(model: ModelStatic<Model>): boolean {
    return [...this.#found.keys()].some((target) => this.#refuses(model, target));
  }

  #refuses(model: ModelStatic<Model>, target: ModelStatic<Model>): boolean {
    return this.#graph.keysTo(target).some((key) => key.model === model && isRefusal(key));
  }
}

function isRefusal({ onDelete, isConstraint }: ForeignKey): boolean {
  return isConstraint && onDelete !== 'CASCADE' && onDelete !== 'SET NULL';
}

/** Has what refers to rows by one key be found by as few statements as there may be. */
function addTo(byKey: Map<ForeignKey, GrowingReferences>, references: References): void {
  const { key, target, values } = references;
  const known = byKey.get(key) ?? { key, target, values: [] };
  for (const value of values) known.values.push(value);
  byKey.set(key, known);
}

/** What a row is known by: its primary key, or without one, itself. */
function identityOf(
  { primaryKeyAttributes: keys }: ModelStatic<Model>,
  row: CollectedRow,
): unknown {
  return keys.length > 0 ? textOfRow(keys, row.values) : row;
}

/** Whether a row without a primary key was found before, by another foreign key. */
function isFoundBy({ model, foundBy }: Found, row: CollectedRow): boolean {
  if (model.primaryKeyAttributes.length > 0) return false;
  return foundBy.some(({ key, values }) =>
    textsOf(values).has(textOfValue(row.values[key.attribute])),
  );
}

const texts = new WeakMap<readonly unknown[], ReadonlySet<string>>();

function textsOf(values: readonly unknown[]): ReadonlySet<string> {
  return obtain(texts, values, () => new Set(values.map(textOfValue)));
}

function textOfRow(attributes: readonly string[], values: RowValues): string {
  return JSON.stringify(attributes.map((attribute) => textOfValue(values[attribute])));
}

/** Values that rows can refer to, each once. */
function distinct(values: readonly unknown[]): readonly unknown[] {
  const set = values.filter((value) => value !== undefined && value !== null);
  return [...new Map(set.map((value) => [textOfValue(value), value])).values()];
}

function eachOnce(rows: readonly Model[]): readonly Model[] {
  const byKey = rows.map((row) => {
    const model = modelItself(row.constructor as ModelStatic<Model>);
    const { primaryKeyAttributes: keys } = model;
    const values = row.dataValues as RowValues;
    return [keys.length > 0 ? `${model.name} ${textOfRow(keys, values)}` : row, row] as const;
  });
  return [...new Map<unknown, Model>(byKey).values()];
}
