import type { Model, ModelStatic } from 'sequelize';
import {
  type ForeignKey,
  foreignKeysTo,
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
  return !isAutoCreated(model) && hasHooks(model, ['beforeDestroy', 'afterDestroy']);
}

/** Whether rows of a model may go with other rows of it. */
export function isInCircle(model: ModelStatic<Model>): boolean {
  const found = new Set<ModelStatic<Model>>();
  const addThose = (target: ModelStatic<Model>): void => {
    for (const key of foreignKeysTo(target)) if (key.onDelete === 'CASCADE') found.add(key.model);
  };
  addThose(model);
  // A set goes on to what is added to it on the way.
  for (const each of found) addThose(each);
  return found.has(modelItself(model));
}

/** The models that depend on one, and what is to be done about their rows when rows of it are deleted. */
export class DeletionGraph {
  readonly #keys = new Map<ModelStatic<Model>, readonly ForeignKey[]>();
  readonly #needed = new Set<ModelStatic<Model>>();

  constructor(root: ModelStatic<Model>) {
    const sources = this.#explore(modelItself(root));
    for (const model of this.#keys.keys()) {
      if (isToldOfRows(model) || this.keysTo(model).some(isOwnWork)) this.#need(model, sources);
    }
  }

  /** The foreign keys that refer to a model, one of each column. */
  keysTo(model: ModelStatic<Model>): readonly ForeignKey[] {
    return this.#keys.get(model) ?? [];
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
    for (const each of found) {
      for (const key of this.keysTo(each)) if (key.onDelete === 'CASCADE') found.add(key.model);
    }
    return found;
  }

  /** Notes the keys of all that may go with a row of `root`. Returns where each may come from. */
  #explore(root: ModelStatic<Model>): Sources {
    const sources = new Map<ModelStatic<Model>, Set<ModelStatic<Model>>>([[root, new Set()]]);
    for (const model of sources.keys()) {
      const keys = oneOfEachColumn(foreignKeysTo(model));
      this.#keys.set(model, keys);
      for (const key of keys) {
        if (key.onDelete !== 'CASCADE') continue;
        const known = sources.get(key.model);
        if (known) known.add(model);
        else sources.set(key.model, new Set([model]));
      }
    }
    return sources;
  }

  /** Has the rows of a model be known, and all those by which they are found. */
  #need(model: ModelStatic<Model>, sources: Sources): void {
    const added = new Set([model]);
    for (const each of added) {
      if (this.#needed.has(each)) continue;
      this.#needed.add(each);
      for (const source of sources.get(each) ?? []) added.add(source);
    }
  }
}

/** The models that a model depends on. */
type Sources = ReadonlyMap<ModelStatic<Model>, ReadonlySet<ModelStatic<Model>>>;

/** Whether the database does not do what a key says, or refuses it when signals have been sent. */
function isOwnWork({ onDelete, isConstraint }: ForeignKey): boolean {
  if (onDelete === 'RESTRICT') return true;
  return !isConstraint && (onDelete === 'CASCADE' || onDelete === 'SET NULL');
}

/** Of models that share a table, the one whose rows somebody is told of, or else the first. */
function oneOfEachColumn(keys: readonly ForeignKey[]): readonly ForeignKey[] {
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
