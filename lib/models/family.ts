import type { Model, ModelStatic } from 'sequelize';

/** How to undo the replacement of methods. */
export type Undos = readonly (() => void)[];

/** What makes the models of one database send one kind of signal. */
export interface Family {
  /** Hooks of Sequelize, by their names. */
  readonly hooks?: Readonly<Record<string, (...parameters: never[]) => unknown>>;
  /** Replaces those methods of a model that have no hook. */
  replaceMethods?(model: ModelStatic<Model>): Undos;
  /** Told of each model as it is defined, when it has its methods. */
  modelDefined?(model: ModelStatic<Model>): void;
  /** Undoes what else the family did. */
  undo?(): void;
}
