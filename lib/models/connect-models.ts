import type { Model, ModelStatic, Sequelize } from 'sequelize';
import { type Database, replaceMethod } from '../sequelize/index.js';
import { bulkCreateFamily } from './bulk-create.js';
import { bulkDeleteFamily } from './bulk-delete.js';
import { bulkUpdateFamily } from './bulk-update.js';
import { connectionFamily } from './connection-created.js';
import { nameModel, unnameModel } from './defined-models.js';
import { definitionFamily } from './definition.js';
import { deleteFamily } from './delete.js';
import type { Family } from './family.js';
import { findOrCreateFamily } from './find-or-create.js';
import { initFamily } from './init.js';
import { relationFamily } from './m2m/relation-family.js';
import { migrateFamily } from './migrate.js';
import { ModelHooks } from './model-hooks.js';
import { Replaced } from './replaced.js';
import { saveFamily } from './save.js';

const FAMILIES: readonly ((database: Database) => Family)[] = [
  initFamily,
  saveFamily,
  deleteFamily,
  bulkCreateFamily,
  bulkUpdateFamily,
  bulkDeleteFamily,
  findOrCreateFamily,
  relationFamily,
  definitionFamily,
  connectionFamily,
  migrateFamily,
];

/**
 * Has the models of a database send their signals, those defined by now and those to come.
 * Returns the undo.
 */
export function connectModels(database: Database): () => void {
  const { modelManager } = database.sequelize;
  const families = FAMILIES.map((family) => family(database));
  const hooks = new ModelHooks(families);
  const replaced = new Replaced<ModelStatic<Model>>();
  const connect = (model: ModelStatic<Model>): void => {
    nameModel(model);
    replaced.add(model, () => [
      hooks.runWith(model),
      ...families.flatMap((family) => family.replaceMethods?.(model) ?? []),
    ]);
  };

  for (const model of modelsOf(database.sequelize)) connect(model);
  const undoDefinitions = watchDefinitions(modelManager as unknown as ModelManager, (model) => {
    connect(model);
    for (const family of families) family.modelDefined?.(model);
  });

  return () => {
    undoDefinitions();
    for (const model of modelsOf(database.sequelize)) {
      // It may have been defined anew for another database.
      if (model.sequelize === database.sequelize) unnameModel(model);
    }
    for (const family of families) family.undo?.();
    replaced.undo();
  };
}

/** What Sequelize keeps its models in. */
interface ModelManager {
  addModel(model: ModelStatic<Model>): unknown;
  removeModel(model: ModelStatic<Model>): unknown;
}

/**
 * Has `told` of every model that is defined, and takes the name of one that is removed or defined
 * anew. The hook afterDefine would not do: what it throws is lost in a promise that nobody awaits.
 */
function watchDefinitions(
  manager: ModelManager,
  told: (model: ModelStatic<Model>) => void,
): () => void {
  const undoRemove = replaceMethod(
    manager,
    'removeModel',
    (original: ModelManager['removeModel']) =>
      function (this: ModelManager, model: ModelStatic<Model>) {
        unnameModel(model);
        return original.call(this, model);
      },
  );
  const undoAdd = replaceMethod(
    manager,
    'addModel',
    (original: ModelManager['addModel']) =>
      function (this: ModelManager, model: ModelStatic<Model>) {
        const added = original.call(this, model);
        try {
          told(model);
        } catch (error) {
          this.removeModel(model);
          throw error;
        }
        return added;
      },
  );
  return () => {
    undoAdd();
    undoRemove();
  };
}

function modelsOf(sequelize: Sequelize): readonly ModelStatic<Model>[] {
  return sequelize.modelManager.all as readonly unknown[] as readonly ModelStatic<Model>[];
}
