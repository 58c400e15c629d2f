import type { Model, ModelStatic, Sequelize } from 'sequelize';
import { replaceMethod } from './replace-method.js';

/** What is told of the models that an application defines. */
export interface DefinitionWatcher {
  /** A model is there, with its methods. When this throws, the model is removed again. */
  defined(model: ModelStatic<Model>): void;
  /** A model is about to be removed, be it for another one of its name. */
  removed(model: ModelStatic<Model>): void;
}

/** What Sequelize keeps its models in. */
interface ModelManager {
  addModel(model: ModelStatic<Model>): unknown;
  removeModel(model: ModelStatic<Model>): unknown;
}

/**
 * Tells of each model that is defined or removed from now on. The hook afterDefine would not do:
 * what it throws is lost in a promise that nobody awaits. Returns the undo.
 */
export function watchDefinitions(sequelize: Sequelize, watcher: DefinitionWatcher): () => void {
  const manager = sequelize.modelManager as unknown as ModelManager;
  const undoRemove = replaceMethod(
    manager,
    'removeModel',
    (original: ModelManager['removeModel']) =>
      function (this: ModelManager, model: ModelStatic<Model>) {
        watcher.removed(model);
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
          watcher.defined(model);
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

/** The models that are defined by now. */
export function modelsOf(sequelize: Sequelize): readonly ModelStatic<Model>[] {
  return sequelize.modelManager.all as readonly unknown[] as readonly ModelStatic<Model>[];
}
