import type { Model, ModelStatic, Sequelize } from 'sequelize';
import type { Database } from '../transactions/index.js';
import { nameModel, unnameModel } from './defined-models.js';
import { deleteFamily } from './delete.js';
import type { Family } from './family.js';
import { saveFamily } from './save.js';

const FAMILIES: readonly ((database: Database) => Family)[] = [saveFamily, deleteFamily];

/** What `removeHook` finds the hooks by. */
const HOOK = 'sequelize-signals';

/** Sequelize's hooks and models, as far as its types do not show them. */
interface Hooked {
  addHook(type: string, name: string, hook: (...parameters: never[]) => unknown): void;
  removeHook(type: string, name: string): void;
}

/**
 * Has the models of a database send their signals, those defined by now and those to come.
 * Returns the undo.
 */
export function connectModels(database: Database): () => void {
  const { sequelize } = database;
  const models = new ConnectedModels(FAMILIES.map((family) => family(database)));
  const hooks = [
    ...models.families.flatMap((family) => Object.entries(family.hooks)),
    ['afterDefine', (model: ModelStatic<Model>) => models.add(model)] as const,
  ];
  const hooked = sequelize as unknown as Hooked;
  for (const [type, hook] of hooks) hooked.addHook(type, HOOK, hook);
  for (const model of modelsOf(sequelize)) models.add(model);

  return () => {
    for (const [type] of hooks) hooked.removeHook(type, HOOK);
    models.removeAll();
  };
}

function modelsOf(sequelize: Sequelize): readonly ModelStatic<Model>[] {
  return sequelize.modelManager.all as readonly unknown[] as readonly ModelStatic<Model>[];
}

/** The models whose methods are replaced. One that was defined anew is free to be collected. */
class ConnectedModels {
  readonly families: readonly Family[];
  readonly #models = new Set<WeakRef<ModelStatic<Model>>>();
  readonly #undo = new WeakMap<object, readonly (() => void)[]>();

  constructor(families: readonly Family[]) {
    this.families = families;
  }

  add(model: ModelStatic<Model>): void {
    nameModel(model);
    if (this.#undo.has(model)) return;
    this.#models.add(new WeakRef(model));
    this.#undo.set(
      model,
      this.families.flatMap((family) => family.replaceMethods(model)),
    );
  }

  removeAll(): void {
    for (const reference of this.#models) {
      const model = reference.deref();
      if (model === undefined) continue;
      unnameModel(model);
      for (const undo of this.#undo.get(model) ?? []) undo();
    }
  }
}
