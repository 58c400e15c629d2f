import type { InstanceDestroyOptions, Model, ModelStatic } from 'sequelize';
import { deletionMarkOf } from '../../sequelize/index.js';

/** On the options of a deletion: where it began. */
export const ORIGIN: unique symbol = Symbol('origin');

/** Keeps the identity of an origin, where Sequelize copies the options with all plain objects in them. */
export class Origin {
  readonly value: object;

  constructor(value: object) {
    this.value = value;
  }
}

/** The options of a deletion that may know where it began: a row of one that deletes many does. */
export interface FromOrigin {
  readonly [ORIGIN]?: Origin | undefined;
}

/** Whether a deletion only marks the rows of a model, which is paranoid then. */
export function isSoft(model: ModelStatic<Model>, options: InstanceDestroyOptions): boolean {
  return deletionMarkOf(model) !== undefined && !options.force;
}
