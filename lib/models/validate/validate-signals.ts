import type { Model } from 'sequelize';
import { ModelSignal } from '../model-signal.js';
import type { PayloadBySender } from '../payloads.js';
import type { PreSave } from '../save/save-signals.js';

/** What receivers of `preValidate` and `postValidate` get: what those of `preSave` do. */
export interface Validate<Instance extends Model = Model> extends PreSave<Instance> {
  /** What is validated. What a receiver changes is written by the save that it is validated for. */
  readonly instance: Instance;
}

/** The payload of `preValidate` and `postValidate`, by sender. */
export interface ValidateBySender extends PayloadBySender {
  readonly payload: Validate<this['instance']>;
}

/**
 * Sent before an instance is validated, with its model as sender: once for a save, and by
 * `validate()`. It is the place to fill a required field, for which `preSave` comes too late. What a
 * receiver changes is validated and written; an error leaves the row unsaved and reaches the caller.
 */
export const preValidate: ModelSignal<ValidateBySender> = new ModelSignal({ name: 'preValidate' });

/**
 * Sent when an instance was found valid, and not when it was not. What a receiver changes is
 * written, without being validated.
 */
export const postValidate: ModelSignal<ValidateBySender> = new ModelSignal({
  name: 'postValidate',
});
