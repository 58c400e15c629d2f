import type { Model } from 'sequelize';
import { ModelSignal } from '../model-signal.js';
import type { ModelPayload, PayloadBySender } from '../payloads.js';

/** What receivers of `preSave` get. */
export interface PreSave<Instance extends Model = Model> extends ModelPayload {
  /** What is being saved. What a receiver changes is written. */
  readonly instance: Instance;
  /** Whether the caller asked to store values as they are, with `raw: true`, as fixtures are. */
  readonly raw: boolean;
  /** The fields that the caller named; `null` when it named none. */
  readonly updateFields: ReadonlySet<string> | null;
}

/** What receivers of `postSave` get. */
export interface PostSave<Instance extends Model = Model> extends PreSave<Instance> {
  /** Whether a row was inserted. */
  readonly created: boolean;
}

/** The payload of `preSave`, by sender. */
export interface PreSaveBySender extends PayloadBySender {
  readonly payload: PreSave<this['instance']>;
}

/** The payload of `postSave`, by sender. */
export interface PostSaveBySender extends PayloadBySender {
  readonly payload: PostSave<this['instance']>;
}

/**
 * Sent before an instance is saved, with its model as sender: after validation and the hooks of the
 * application. What a receiver changes is written; an error leaves the row unsaved and reaches the
 * caller. A required field is filled by a receiver of {@link preValidate}.
 */
export const preSave: ModelSignal<PreSaveBySender> = new ModelSignal({ name: 'preSave' });

/**
 * Sent after an instance was saved, also when there was nothing to write. Saving begins no
 * transaction: outside of a block the row is stored when a receiver fails, and stays.
 */
export const postSave: ModelSignal<PostSaveBySender> = new ModelSignal({ name: 'postSave' });
