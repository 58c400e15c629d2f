import type { Model, ModelStatic } from 'sequelize';
import { isAutoCreated } from '../sequelize/index.js';
import type { ModelSignal } from './model-signal.js';

/** A signal of models, whatever its payload, for those who ask whether somebody listens. */
export type ListenedTo = Pick<ModelSignal, 'everConnected' | 'hasConnections'>;

/** Whether anybody ever listened to one of the signals: the cheapest question that there is. */
export function wasAnyHeard(signals: readonly ListenedTo[]): boolean {
  return signals.some((signal) => signal.everConnected);
}

/** Whether a model has receivers of one of the signals and sends it. */
export function isAnyHeard(model: ModelStatic<Model>, signals: readonly ListenedTo[]): boolean {
  return signals.some((signal) => isHeard(model, signal));
}

/**
 * Whether a model has receivers of a signal and sends it: the rows of a through model that
 * Sequelize made by itself have no signals but `m2mChanged` (D-111, D-195).
 */
export function isHeard(model: ModelStatic<Model>, signal: ListenedTo): boolean {
  return signal.hasConnections(model) && !isAutoCreated(model);
}
