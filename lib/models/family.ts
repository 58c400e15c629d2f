import type { Model, ModelStatic } from 'sequelize';

/** How to undo the replacement of methods. */
export type Undos = readonly (() => void)[];

/** What a family does where Sequelize runs the hooks of a type, after those of the application. */
export type Hook = (...parameters: never[]) => unknown;

/** A signal, as far as hooks ask whether to run. */
export interface Heard {
  readonly everConnected: boolean;
  hasConnections(sender: unknown): boolean;
}

/** What a family does where Sequelize runs hooks. */
export interface FamilyHooks {
  /** The signals that they are for: while nobody ever connected to one, they do not run. */
  readonly signals: readonly Heard[];
  /** The hooks, by the types of Sequelize's. */
  readonly byType: Readonly<Record<string, Hook>>;
}

/** What makes the models of one database send one kind of signal. */
export interface Family {
  readonly hooks?: FamilyHooks;
  /** Replaces those methods of a model that have no hook. */
  replaceMethods?(model: ModelStatic<Model>): Undos;
  /** Told of each model as it is defined, when it has its methods. */
  modelDefined?(model: ModelStatic<Model>): void;
  /** Undoes what else the family did. */
  undo?(): void;
}
