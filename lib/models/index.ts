/**
 * The signals of models, and what makes Sequelize send them.
 *
 * @packageDocumentation
 */

export {
  type BulkCreate,
  type BulkCreateBySender,
  postBulkCreate,
  preBulkCreate,
} from './bulk-create/bulk-create-signals.js';
export {
  type BulkDelete,
  type BulkDeleteBySender,
  type BulkDeleted,
  type BulkDeletedBySender,
  postBulkDelete,
  preBulkDelete,
} from './bulk-delete/bulk-delete-signals.js';
export {
  type BulkUpdate,
  type BulkUpdateBySender,
  type BulkUpdated,
  type BulkUpdatedBySender,
  postBulkUpdate,
  preBulkUpdate,
} from './bulk-update/bulk-update-signals.js';
export { ProtectedError } from './cascades/protected-error.js';
export { connectModels } from './connect-models.js';
export { type ConnectionCreated, connectionCreated } from './connection/connection-signals.js';
export {
  type ClassPrepared,
  type ClassPreparedBySender,
  classPrepared,
} from './definition/definition-signals.js';
export {
  type Delete,
  type DeleteBySender,
  postDelete,
  preDelete,
} from './delete/delete-signals.js';
export {
  type PostInit,
  type PostInitBySender,
  type PreInit,
  type PreInitBySender,
  postInit,
  preInit,
} from './init/init-signals.js';
export {
  type LinksChanged,
  type LinksCleared,
  type M2MChanged,
  type M2MChangedBySender,
  m2mChanged,
} from './m2m/m2m-signals.js';
export type { ManyToManySignal } from './m2m/many-to-many-signal.js';
export type { ManyToManySetMixin, ManyToManySetOptions } from './m2m/set-mixin.js';
export { sendMigrate } from './migrate/migrate-feature.js';
export {
  type Migrate,
  type MigrationStep,
  postMigrate,
  preMigrate,
} from './migrate/migrate-signals.js';
export {
  type ModelName,
  type ModelNames,
  type ModelSender,
  ModelSignal,
} from './model-signal.js';
export type { ModelPayload, PayloadBySender, PayloadFor } from './payloads.js';
export {
  type PostSave,
  type PostSaveBySender,
  type PreSave,
  type PreSaveBySender,
  postSave,
  preSave,
} from './save/save-signals.js';
export {
  assertSendersResolved,
  type UnresolvedSender,
  unresolvedSenders,
} from './unresolved-senders.js';
export {
  type Defaults,
  type UpdateOrCreateOptions,
  updateOrCreate,
} from './update-or-create/update-or-create.js';
export {
  postValidate,
  preValidate,
  type Validate,
  type ValidateBySender,
} from './validate/validate-signals.js';
