import { Signal } from '../signals/index.js';
import { ModelSignal } from './model-signal.js';
import type {
  BulkCreateBySender,
  BulkDeleteBySender,
  BulkDeletedBySender,
  BulkUpdateBySender,
  BulkUpdatedBySender,
  ClassPreparedBySender,
  ConnectionCreated,
  DeleteBySender,
  M2MChangedBySender,
  Migrate,
  PostInitBySender,
  PostSaveBySender,
  PreInitBySender,
  PreSaveBySender,
} from './payloads.js';

/**
 * Sent at the start of `new Model()`, `build()` and for each row that a query makes an instance
 * of, with the model as sender. Receivers must be synchronous.
 */
export const preInit: ModelSignal<PreInitBySender> = new ModelSignal({ name: 'preInit' });

/** Sent when an instance has got its values. Receivers must be synchronous. */
export const postInit: ModelSignal<PostInitBySender> = new ModelSignal({ name: 'postInit' });

/**
 * Sent before an instance is saved, with its model as sender: after validation and the hooks of the
 * application. What a receiver changes is written; an error leaves the row unsaved and reaches the
 * caller.
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

/**
 * Sent before `bulkCreate` inserts instances, and before `upsert` stores one, with their model as
 * sender. These calls send no signals for single instances but with `individualHooks: true`.
 */
export const preBulkCreate: ModelSignal<BulkCreateBySender> = new ModelSignal({
  name: 'preBulkCreate',
});

/** Sent after `bulkCreate` and `upsert`. As with `postSave`, the rows are stored when a receiver fails. */
export const postBulkCreate: ModelSignal<BulkCreateBySender> = new ModelSignal({
  name: 'postBulkCreate',
});

/**
 * Sent before `Model.update()`, `increment` and `decrement`, with the model as sender. They send
 * no signals for single instances, but `Model.update()` with `individualHooks: true`.
 */
export const preBulkUpdate: ModelSignal<BulkUpdateBySender> = new ModelSignal({
  name: 'preBulkUpdate',
});

/** Sent after `Model.update()`, `increment` and `decrement`. The rows stay when a receiver fails. */
export const postBulkUpdate: ModelSignal<BulkUpdatedBySender> = new ModelSignal({
  name: 'postBulkUpdate',
});

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

/**
 * Sent when a model has been defined on an installed database, with the model as sender, also for
 * the through models that Sequelize makes. Receivers must be synchronous.
 */
export const classPrepared: ModelSignal<ClassPreparedBySender> = new ModelSignal({
  name: 'classPrepared',
});

/**
 * Sent for every new connection to the database before it is used, with the alias as sender. An
 * error fails the query that needed the connection. Receivers use the connection itself:
 * a query of Sequelize would ask for another one.
 */
export const connectionCreated: Signal<ConnectionCreated> = new Signal({
  name: 'connectionCreated',
});

/**
 * Sent before `sequelize.sync()`, and before a run of an Umzug that `connectUmzug` connected, with
 * the alias as sender; also when there is nothing to do.
 */
export const preMigrate: Signal<Migrate> = new Signal({ name: 'preMigrate' });

/** Sent after `sequelize.sync()` or a run of Umzug, unless it failed. */
export const postMigrate: Signal<Migrate> = new Signal({ name: 'postMigrate' });
