import type { Model, ModelStatic } from 'sequelize';

/** How to undo the replacement of methods. */
export type Undos = readonly (() => void)[];

/** What a family does where Sequelize runs the hooks of a type, after those of the application. */
export type Hook = (...parameters: never[]) => unknown;

/** What makes the models of one database send one kind of signal. */
export interface Family {
  /** The signals that its hooks are for: while nobody ever connected to them, the hooks do not run. */
  readonly signals?: readonly { readonly everConnected: boolean }[];
  /** By the types of Sequelize's hooks. */
  readonly hooks?: Readonly<Record<string, Hook>>;
  /** Replaces those methods of a model that have no hook. */
  replaceMethods?(model: ModelStatic<Model>): Undos;
  /** Told of each model as it is defined, when it has its methods. */
  modelDefined?(model: ModelStatic<Model>): void;
  /** Undoes what else the family did. */
  undo?(): void;
}
