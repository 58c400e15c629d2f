import type { Model, ModelStatic } from 'sequelize';
import { modelItself } from './defined-models.js';
import { isAutoCreated } from './m2m/many-to-many.js';

/** The sender of the signals of an instance. */
export function senderOf(instance: Model): ModelStatic<Model> {
  return modelItself(instance.constructor as ModelStatic<Model>);
}

/**
 * Whether a model has receivers of a signal and sends it: the rows of a through model that
 * Sequelize made by itself have no signals but `m2mChanged` (D-111, D-195).
 */
export function isHeard(
  sender: ModelStatic<Model>,
  signal: { hasConnections(sender: unknown): boolean },
): boolean {
  return signal.hasConnections(sender) && !isAutoCreated(sender);
}
