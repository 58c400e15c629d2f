import type { Model, ModelStatic } from 'sequelize';
import type { Undos } from '../sequelize/index.js';
import type { Signal } from '../signals/index.js';

/** What makes the models of one database send the signals of one kind. */
export interface ModelFeature {
  readonly hooks?: FeatureHooks;
  /** Replaces those methods of a model that have no hook. */
  replaceMethods?(model: ModelStatic<Model>): Undos;
  /** Told of each model as it is defined, when it has its methods. */
  modelDefined?(model: ModelStatic<Model>): void;
  /** Undoes what else the feature did. */
  undo?(): void;
}

/** What a feature does where Sequelize runs hooks. Several features may share a type of hooks. */
export interface FeatureHooks {
  /** The signals that they are for: while nobody ever connected to one, they do not run. */
  readonly signals: readonly Signal<object>[];
  /** Whether they run without receivers, too. */
  readonly areNeededUnheard?: boolean;
  /** The hooks, by the types of Sequelize's. They run after those of the application. */
  readonly byType: Readonly<Record<string, FeatureHook>>;
  /** Hooks that run before those of the application. */
  readonly first?: Readonly<Record<string, FeatureHook>>;
}

/** Gets what Sequelize's hooks of the type get. */
export type FeatureHook = (...parameters: never[]) => unknown;
