/**
 * The signals of models, and what makes Sequelize send them.
 *
 * @packageDocumentation
 */
export { connectModels } from './connect-models.js';
export { type ModelSender, ModelSignal } from './model-signal.js';
export {
  m2mChanged,
  postBulkCreate,
  postBulkDelete,
  postBulkUpdate,
  postDelete,
  postSave,
  preBulkCreate,
  preBulkDelete,
  preBulkUpdate,
  preDelete,
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
  Delete,
  DeleteBySender,
  LinksChanged,
  LinksCleared,
  M2MChanged,
  M2MChangedBySender,
  ModelPayload,
  PayloadBySender,
  PayloadFor,
  PostSave,
  PostSaveBySender,
  PreSave,
  PreSaveBySender,
} from './payloads.js';
export { type UnresolvedSender, unresolvedSenders } from './unresolved-senders.js';
