/**
 * Django's signals and transactions for Sequelize 6.
 *
 * @packageDocumentation
 */
export type { ErrorCode } from './errors.js';
export {
  AliasTakenError,
  AsyncReceiverError,
  BadlyBehavedTransactionSignalHandlerError,
  DurableTransactionError,
  InvalidArgumentError,
  NonErrorThrownError,
  NotInstalledError,
  RolledBackError,
  SignalsError,
  TransactionManagementError,
  UnknownModelError,
} from './errors.js';
export type { InstallOptions } from './install.js';
export { install } from './install.js';
export type { Configuration, Logger } from './logger.js';
export { configure } from './logger.js';
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
  ModelSender,
  PayloadBySender,
  PayloadFor,
  PostSave,
  PostSaveBySender,
  PreSave,
  PreSaveBySender,
  UnresolvedSender,
} from './models/index.js';
export {
  ModelSignal,
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
  unresolvedSenders,
} from './models/index.js';
export type {
  AnyReceiver,
  ConnectOptions,
  ConnectReceiver,
  DisconnectOptions,
  EventOf,
  PayloadArgument,
  PayloadOf,
  Receiver,
  ReceiverResponse,
  SignalEvent,
  SignalOptions,
  SignalOrSignals,
  Undo,
} from './signals/index.js';
export { receiver, Signal } from './signals/index.js';
export type {
  Atomic,
  AtomicBody,
  AtomicFunction,
  AtomicOptions,
  AtomicWrapper,
  Connection,
  CurrentTransactionSignal,
  Defer,
  OnCommit,
  OnCommitOptions,
  PostCommit,
  PostRollback,
  RetryOptions,
  Using,
  UsingOptions,
} from './transactions/index.js';
export {
  atomic,
  connections,
  defer,
  onCommit,
  postCommit,
  postRollback,
  transaction,
} from './transactions/index.js';
