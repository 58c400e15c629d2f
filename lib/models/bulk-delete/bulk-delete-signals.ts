import type { WhereOptions } from 'sequelize';
import { ModelSignal } from '../model-signal.js';
import type { ModelPayload, PayloadBySender } from '../payloads.js';

/** What receivers of `preBulkDelete` get. */
export interface BulkDelete extends ModelPayload {
  /** Which rows are deleted, as Sequelize asks for them; undefined for all, by `truncate`. */
  readonly where: WhereOptions | undefined;
  /** Whether the rows stay and are marked only, as those of paranoid models are. */
  readonly soft: boolean;
}

/** What receivers of `postBulkDelete` get. */
export interface BulkDeleted extends BulkDelete {
  /** The number of rows; undefined where the database does not tell. */
  readonly count: number | undefined;
}

/** The payload of `preBulkDelete`, whatever the sender. */
export interface BulkDeleteBySender extends PayloadBySender {
  readonly payload: BulkDelete;
}

/** The payload of `postBulkDelete`, whatever the sender. */
export interface BulkDeletedBySender extends PayloadBySender {
  readonly payload: BulkDeleted;
}

/**
 * Sent before `Model.destroy()` and `truncate()`, with the model as sender. While a model has
 * receivers of this signal or `postBulkDelete`, the deletion runs with them as one block.
 */
export const preBulkDelete: ModelSignal<BulkDeleteBySender> = new ModelSignal({
  name: 'preBulkDelete',
});

/** Sent after `Model.destroy()` and `truncate()`, while the block is open. A failure undoes them. */
export const postBulkDelete: ModelSignal<BulkDeletedBySender> = new ModelSignal({
  name: 'postBulkDelete',
});
