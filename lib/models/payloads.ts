import type { Model, Transaction } from 'sequelize';

/** What the payloads of all model signals have. */
export interface ModelPayload {
  /** The alias of the database. */
  readonly using: string;
  /** The transaction that the operation runs in, as the receivers do; undefined outside of one. */
  readonly transaction: Transaction | undefined;
}

/**
 * A payload that knows the class of its instances from the sender: `payload` names `this['instance']`
 * where they stand. TypeScript has no other way to leave a type parameter of a type open.
 */
export interface PayloadBySender {
  readonly instance: Model;
  readonly payload: object;
}

/**
 * The payload for senders whose instances are of the class `Instance`. What depends on the sender
 * otherwise names `this['sender']`.
 */
export type PayloadFor<
  Kind extends PayloadBySender,
  Instance extends Model,
  Sender = unknown,
> = (Kind & {
  readonly instance: Instance;
  readonly sender: Sender;
})['payload'];
