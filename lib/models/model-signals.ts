import { ModelSignal } from './model-signal.js';
import type {
  DeleteBySender,
  M2MChangedBySender,
  PostSaveBySender,
  PreSaveBySender,
} from './payloads.js';

/**
 * Sent before an instance is saved, with its model as sender: after validation and the model's own
 * hooks. What a receiver changes is written; an error leaves the row unsaved and reaches the caller.
 */
export const preSave: ModelSignal<PreSaveBySender> = new ModelSignal({ name: 'preSave' });

/**
 * Sent after an instance was saved, also when there was nothing to write. Saving begins no
 * transaction: outside of a block the row is stored when a receiver fails, and stays.
 */
export const postSave: ModelSignal<PostSaveBySender> = new ModelSignal({ name: 'postSave' });

/**
 * Sent before an instance is deleted, with its model as sender. While a model has receivers of
 * this signal or `postDelete`, `destroy()` runs with them as one block: a failure undoes it all.
 */
export const preDelete: ModelSignal<DeleteBySender> = new ModelSignal({ name: 'preDelete' });

/** Sent when the row of an instance is gone, or marked as deleted, and the block still open. */
export const postDelete: ModelSignal<DeleteBySender> = new ModelSignal({ name: 'postDelete' });

/**
 * Sent before and after the links of a `belongsToMany` change, with the through model as sender:
 * by `addX`, `removeX`, `setX` and `createX` of instances, which then run with their receivers as
 * one block. `setX` removes, then adds, only what is different; `setX(null)` clears.
 */
export const m2mChanged: ModelSignal<M2MChangedBySender> = new ModelSignal({ name: 'm2mChanged' });
