import type { Model, ModelStatic } from 'sequelize';
import type { ForeignKey, RowValues } from '../../sequelize/index.js';

/** What a deletion has to do, and in which order. Nothing of it has been done yet. */
export interface Collection {
  /** The rows to tell of and to delete, in the order of their models. */
  readonly groups: readonly CollectedRows[];
  /** What is deleted before them, all at once: nobody is told of these rows. */
  readonly deletions: readonly References[];
  /** What is to refer to nothing before they are deleted. */
  readonly updates: readonly References[];
}

/** The rows of one model that a deletion takes along. */
export interface CollectedRows {
  /** The model, in the schema of the rows. */
  readonly model: ModelStatic<Model>;
  /** By ascending primary key. */
  readonly rows: readonly CollectedRow[];
  /** How they were found, but for those that the deletion began with. */
  readonly foundBy: readonly References[];
  /** Whether the database deletes them with the rows that they refer to. */
  readonly isLeftToDatabase: boolean;
}

export interface CollectedRow {
  /** The values of its keys at least. */
  readonly values: RowValues;
  /** What receivers get; undefined where there are none. */
  readonly instance: Model | undefined;
  /** Whether it is one of those that the deletion began with. */
  readonly isRoot: boolean;
}

/** The rows that refer to some of a model. */
export interface References {
  readonly key: ForeignKey;
  /** The model that they refer to, in the schema of its rows. */
  readonly target: ModelStatic<Model>;
  /** The values of the attribute that the key is of. */
  readonly values: readonly unknown[];
}
