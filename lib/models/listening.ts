import type { Model, ModelStatic } from 'sequelize';
import { isAutoCreated } from '../sequelize/index.js';
import { everConnected, hasReceivers, type Signal } from '../signals/index.js';

/** Whether anybody ever listened to one of the signals: the cheapest question that there is. */
export function wasAnyHeard(signals: readonly Signal<object>[]): boolean {
  return signals.some((signal) => everConnected(signal));
}

/** Whether a model has receivers of one of the signals and sends it. */
export function isAnyHeard(model: ModelStatic<Model>, signals: readonly Signal<object>[]): boolean {
  return signals.some((signal) => isHeard(model, signal));
}

/**
 * Whether a model has receivers of a signal and sends it: the rows of a through model that
 * Sequelize made by itself have no signals but `m2mChanged` (D-111, D-195).
 */
export function isHeard(model: ModelStatic<Model>, signal: Signal<object>): boolean {
  return hasReceivers(signal, model) && !isAutoCreated(model);
}
