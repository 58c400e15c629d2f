import type { Model, ModelStatic } from 'sequelize';

/** What makes the models of one database send one kind of signal. */
export interface Family {
  /** Hooks of Sequelize, by their names. */
  readonly hooks: Readonly<Record<string, (...parameters: never[]) => unknown>>;
  /** Replaces the methods of a model that have no hook, and returns how to undo it. */
  replaceMethods(model: ModelStatic<Model>): readonly (() => void)[];
}
