/**
 * The signals of models, and what makes Sequelize send them.
 *
 * @packageDocumentation
 */
export { connectModels } from './connect-models.js';
export { sendMigrate } from './migrate.js';
export { type ModelSender, ModelSignal } from './model-signal.js';
export {
  classPrepared,
  connectionCreated,
  m2mChanged,
  postBulkCreate,
  postBulkDelete,
  postBulkUpdate,
  postDelete,
  postInit,
  postMigrate,
  postSave,
  preBulkCreate,
  preBulkDelete,
  preBulkUpdate,
  preDelete,
  preInit,
  preMigrate,
  preSave,
} from './model-signals.js';
export type {
  BulkCreate,
  BulkCreateBySender,
  BulkDelete,
  BulkDeleteBySender,
  BulkDeleted,
  BulkDeletedBySender,
  BulkUpdate,
  BulkUpdateBySender,
  BulkUpdated,
  BulkUpdatedBySender,
  ClassPrepared,
  ClassPreparedBySender,
  ConnectionCreated,
  Delete,
  DeleteBySender,
  LinksChanged,
  LinksCleared,
  M2MChanged,
  M2MChangedBySender,
  Migrate,
  MigrationStep,
  ModelPayload,
  PayloadBySender,
  PayloadFor,
  PostInit,
  PostInitBySender,
  PostSave,
  PostSaveBySender,
  PreInit,
  PreInitBySender,
  PreSave,
  PreSaveBySender,
} from './payloads.js';
export {
  assertSendersResolved,
  type UnresolvedSender,
  unresolvedSenders,
} from './unresolved-senders.js';
