import type { Model } from 'sequelize';
import { ModelSignal } from '../model-signal.js';
import type { ModelPayload, PayloadBySender } from '../payloads.js';

/** What receivers of `preBulkCreate` and `postBulkCreate` get. */
export interface BulkCreate<Instance extends Model = Model> extends ModelPayload {
  /**
   * What is being inserted. What a receiver changes before is written, and by `bulkCreate`
   * validated where the call validates. The database may not have told the keys and defaults of the
   * rows; a key that is there is the one that is stored.
   */
  readonly instances: readonly Instance[];
  /** What becomes of rows that are there already: which of them were, nobody tells. */
  readonly onConflict: 'fail' | 'ignore' | 'update';
}

/** The payload of `preBulkCreate` and `postBulkCreate`, by sender. */
export interface BulkCreateBySender extends PayloadBySender {
  readonly payload: BulkCreate<this['instance']>;
}

/**
 * Sent before `bulkCreate` inserts instances, after their validation, and before `upsert` stores one, with their model as
 * sender. These calls send no signals for single instances but with `individualHooks: true`.
 */
export const preBulkCreate: ModelSignal<BulkCreateBySender> = new ModelSignal({
  name: 'preBulkCreate',
});

/** Sent after `bulkCreate` and `upsert`. As with `postSave`, the rows are stored when a receiver fails. */
export const postBulkCreate: ModelSignal<BulkCreateBySender> = new ModelSignal({
  name: 'postBulkCreate',
});
