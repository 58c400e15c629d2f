import type { Model, ModelStatic } from 'sequelize';
import { modelItself } from './defined-models.js';

/** The sender of the signals of an instance. */
export function senderOf(instance: Model): ModelStatic<Model> {
  return modelItself(instance.constructor as ModelStatic<Model>);
}
