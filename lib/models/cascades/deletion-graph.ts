import type { Model, ModelStatic, Sequelize } from 'sequelize';
import { obtain } from '../../base/index.js';
import {
  type ForeignKey,
  type ForeignKeys,
  foreignKeysOf,
  hasHooks,
  isAutoCreated,
  modelItself,
} from '../../sequelize/index.js';
import { postDelete, preDelete } from '../delete/delete-signals.js';
import { isAnyHeard } from '../listening.js';

const SIGNALS = [preDelete, postDelete];

/** Whether the deletion of each row of a model is told to somebody: to receivers, or to hooks. */
export function isToldOfRows(model: ModelStatic<Model>): boolean {
  if (isAnyHeard(model, SIGNALS)) return true;
  // Rows of such a model are nobody's but the database's (D-159).
  return hasHooks(model, ['beforeDestroy', 'afterDestroy']) && !isAutoCreated(model);
}

/** Whether rows of a model may go with other rows of it. */
export function isInCircle(model: ModelStatic<Model>): boolean {
  return [...(shapeOf(model).sources.get(modelItself(model)) ?? [])].length > 0;
}

/** The models that depend on one, and what is to be done about their rows when rows of it are deleted. */
export class DeletionGraph {
  readonly #shape: Shape;
  readonly #needed = new Set<ModelStatic<Model>>();

  constructor(root: ModelStatic<Model>) {
    this.#shape = shapeOf(root);
    for (const [model, keys] of this.#shape.keys) {
      if (keys.some(isOwnWork) || isToldOfRows(model)) this.#need(model);
    }
  }

  /** The foreign keys that refer to a model, one of each column. */
  keysTo(model: ModelStatic<Model>): readonly ForeignKey[] {
    return oneOfEachColumn(this.#shape.keys.get(model) ?? []);
  }

  /** Whether it has to be known which rows of a model are deleted. The database deletes others by itself. */
  isNeeded(model: ModelStatic<Model>): boolean {
    return this.#needed.has(model);
  }

  /** Whether a deletion of rows of a model has anything to do with the rows that depend on them. */
  concernsOthers(model: ModelStatic<Model>): boolean {
    return this.keysTo(model).some(
      (key) => isOwnWork(key) || (key.onDelete === 'CASCADE' && this.isNeeded(key.model)),
    );
  }

  /** A model, and all whose rows go with its rows. */
  cascadeOf(model: ModelStatic<Model>): ReadonlySet<ModelStatic<Model>> {
    const found = new Set([model]);
    // A set goes on to what is added to it on the way.
    for (const each of found) {
      for (const key of this.keysTo(each)) if (key.onDelete === 'CASCADE') found.add(key.model);
    }
    return found;
  }

  /** Has the rows of a model be known, and all those by which they are found. */
  #need(model: ModelStatic<Model>): void {
    const added = new Set([model]);
    for (const each of added) {
      if (this.#needed.has(each)) continue;
      this.#needed.add(each);
      for (const source of this.#shape.sources.get(each) ?? []) added.add(source);
    }
  }
}

/** What may go with the rows of one model, whoever listens. */
interface Shape {
  readonly keys: ReadonlyMap<ModelStatic<Model>, readonly ForeignKey[]>;
  /** For each of the models, those with whose rows its own may go. */
  readonly sources: ReadonlyMap<ModelStatic<Model>, ReadonlySet<ModelStatic<Model>>>;
}

const shapes = new WeakMap<ForeignKeys, WeakMap<ModelStatic<Model>, Shape>>();

function shapeOf(model: ModelStatic<Model>): Shape {
  const root = modelItself(model);
  const foreignKeys = foreignKeysOf(root.sequelize as Sequelize);
  const byRoot = obtain(shapes, foreignKeys, () => new WeakMap<ModelStatic<Model>, Shape>());
  return obtain(byRoot, root, () => exploredFrom(root, foreignKeys));
}

function exploredFrom(root: ModelStatic<Model>, foreignKeys: ForeignKeys): Shape {
  const keys = new Map<ModelStatic<Model>, readonly ForeignKey[]>();
  const sources = new Map<ModelStatic<Model>, Set<ModelStatic<Model>>>([[root, new Set()]]);
  // A map goes on to what is added to it on the way.
  for (const model of sources.keys()) {
    keys.set(model, foreignKeys.get(model) ?? []);
    for (const key of foreignKeys.get(model) ?? []) {
      if (key.onDelete !== 'CASCADE') continue;
      const known = sources.get(key.model);
      if (known) known.add(model);
      else sources.set(key.model, new Set([model]));
    }
  }
  return { keys, sources };
}

/** Whether the database does not do what a key says, or refuses it when signals have been sent. */
function isOwnWork({ onDelete, isConstraint }: ForeignKey): boolean {
  if (onDelete === 'RESTRICT') return true;
  return !isConstraint && (onDelete === 'CASCADE' || onDelete === 'SET NULL');
}

/** Of models that share a table, the one whose rows somebody is told of, or else the first. */
function oneOfEachColumn(keys: readonly ForeignKey[]): readonly ForeignKey[] {
  if (keys.length < 2) return keys;
  const byColumn = new Map<string, ForeignKey>();
  for (const key of keys) {
    const column = JSON.stringify([key.column, key.scope]);
    const known = byColumn.get(column);
    if (!known || (!isToldOfRows(known.model) && isToldOfRows(key.model))) {
      byColumn.set(column, key);
    }
  }
  return byColumn.size === keys.length ? keys : [...byColumn.values()];
}
