import type { Model } from 'sequelize';
import { ModelSignal } from '../model-signal.js';
import type { ModelPayload, PayloadBySender } from '../payloads.js';

/** What receivers of `preDelete` and `postDelete` get. */
export interface Delete<Instance extends Model = Model> extends ModelPayload {
  /** What is being deleted. It keeps its key. */
  readonly instance: Instance;
  /**
   * Where the deletion began: the instance whose `destroy()` was called, or the very options that
   * `Model.destroy()` was given.
   */
  readonly origin: object;
  /** Whether the row stays and is marked only, as those of paranoid models are. */
  readonly soft: boolean;
}

/** The payload of `preDelete` and `postDelete`, by sender. */
export interface DeleteBySender extends PayloadBySender {
  readonly payload: Delete<this['instance']>;
}

/**
 * Sent before an instance is deleted, with its model as sender. While a model has receivers of
 * this signal or `postDelete`, `destroy()` runs with them as one block: a failure undoes it all.
 */
export const preDelete: ModelSignal<DeleteBySender> = new ModelSignal({ name: 'preDelete' });

/** Sent when the row of an instance is gone, or marked as deleted, and the block still open. */
export const postDelete: ModelSignal<DeleteBySender> = new ModelSignal({ name: 'postDelete' });
