import type { Model, ModelStatic } from 'sequelize';
import { allOrNothing, ifItFails } from '../base/index.js';
import {
  type Database,
  forgetForeignKeys,
  modelsOf,
  ReplacedMethods,
  runAddedHooks,
  watchDefinitions,
} from '../sequelize/index.js';
import { bulkCreateFeature } from './bulk-create/bulk-create-feature.js';
import { bulkDeleteFeature } from './bulk-delete/bulk-delete-feature.js';
import { bulkUpdateFeature } from './bulk-update/bulk-update-feature.js';
import { connectionFeature } from './connection/connection-feature.js';
import { definitionFeature } from './definition/definition-feature.js';
import { deleteFeature } from './delete/delete-feature.js';
import type { ModelFeature } from './feature.js';
import { hooksOf } from './feature-hooks.js';
import { findOrCreateFeature } from './find-or-create/find-or-create-feature.js';
import { initFeature } from './init/init-feature.js';
import { instancesFeature } from './instances/instances-feature.js';
import { m2mFeature } from './m2m/m2m-feature.js';
import { migrateFeature } from './migrate/migrate-feature.js';
import { nameModel, unnameModel } from './model-names.js';
import { saveFeature } from './save/save-feature.js';
import { validateFeature } from './validate/validate-feature.js';

const FEATURES: readonly ((database: Database) => ModelFeature)[] = [
  instancesFeature,
  initFeature,
  validateFeature,
  saveFeature,
  deleteFeature,
  bulkCreateFeature,
  bulkUpdateFeature,
  bulkDeleteFeature,
  findOrCreateFeature,
  m2mFeature,
  definitionFeature,
  connectionFeature,
  migrateFeature,
];

/**
 * Has the models of a database send their signals, those defined by now and those to come.
 * Returns the undo.
 */
export function connectModels(database: Database): () => void {
  const { sequelize } = database;
  const features = FEATURES.map((feature) => feature(database));
  const hooks = hooksOf(features);
  const replaced = new ReplacedMethods<ModelStatic<Model>>();
  const connect = (model: ModelStatic<Model>): void => {
    nameModel(model);
    ifItFails(() => unnameModel(model));
    replaced.add(model, () =>
      allOrNothing(() => [
        runAddedHooks(model, hooks),
        ...features.flatMap((feature) => feature.replaceMethods?.(model) ?? []),
      ]),
    );
  };

  for (const model of modelsOf(sequelize)) connect(model);
  const undoDefinitions = watchDefinitions(sequelize, {
    defined(model) {
      connect(model);
      for (const feature of features) feature.modelDefined?.(model);
    },
    removed(model) {
      unnameModel(model);
      forgetForeignKeys(sequelize);
    },
  });

  return () => {
    undoDefinitions();
    for (const model of modelsOf(sequelize)) {
      // It may have been defined anew for another database.
      if (model.sequelize === sequelize) unnameModel(model);
    }
    for (const feature of features) feature.undo?.();
    replaced.undo();
  };
}
