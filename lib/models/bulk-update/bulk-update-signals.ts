import type { WhereOptions } from 'sequelize';
import { ModelSignal } from '../model-signal.js';
import type { ModelPayload, PayloadBySender } from '../payloads.js';

/** What receivers of `preBulkUpdate` get. */
export interface BulkUpdate extends ModelPayload {
  /**
   * The new values, besides what is incremented. What a receiver changes is written, unless the
   * caller named other `fields`.
   */
  readonly values: Record<string, unknown>;
  /** By how much `increment` and `decrement` change each field; `null` for an update. */
  readonly increments: Readonly<Record<string, number>> | null;
  /** Which rows are updated, as Sequelize asks for them: with the model's scope. */
  readonly where: WhereOptions | undefined;
}

/** What receivers of `postBulkUpdate` get. */
export interface BulkUpdated extends BulkUpdate {
  /**
   * The number of rows, without those that MySQL and MariaDB found to have the values already;
   * undefined for `increment` and `decrement`, which do not tell.
   */
  readonly count: number | undefined;
}

/** The payload of `preBulkUpdate`, whatever the sender. */
export interface BulkUpdateBySender extends PayloadBySender {
  readonly payload: BulkUpdate;
}

/** The payload of `postBulkUpdate`, whatever the sender. */
export interface BulkUpdatedBySender extends PayloadBySender {
  readonly payload: BulkUpdated;
}

/**
 * Sent before `Model.update()`, `increment` and `decrement`, with the model as sender. They send
 * no signals for single instances, but `Model.update()` with `individualHooks: true`: that one runs
 * with its receivers as one block, which keeps the rows locked that it tells of.
 *
 * @example
 * ```ts
 * preBulkUpdate.connect(({ values, where }) => console.log(values, where), { sender: Order });
 * await Order.update({ paid: true }, { where: { id: 1 } });
 * ```
 */
export const preBulkUpdate: ModelSignal<BulkUpdateBySender> = new ModelSignal({
  name: 'preBulkUpdate',
});

/**
 * Sent after `Model.update()`, `increment` and `decrement`. The rows stay when a receiver fails, but
 * with `individualHooks: true`.
 */
export const postBulkUpdate: ModelSignal<BulkUpdatedBySender> = new ModelSignal({
  name: 'postBulkUpdate',
});
