/**
 * Blocks, savepoints and what waits for the commit. A `Database` stands for an installed Sequelize
 * instance: it knows which `Block` a flow is in, and sends its queries there.
 *
 * @packageDocumentation
 */
export type { Atomic, AtomicBody, AtomicFunction, AtomicWrapper } from './atomic.js';
export type { AtomicOptions, RetryOptions } from './atomic-options.js';
export type { Backing, Block, SavepointOwner, Trunk, Writes } from './block.js';
export type { Callback, Callbacks, Capture, DueCallback } from './callbacks.js';
export { Connection, type Connections, connections } from './connection.js';
export type { CommitFault, Database } from './database.js';
export type { Defer } from './defer.js';
export { runDue } from './end-of-transaction.js';
export { overlapError } from './failure.js';
export type { Ground, SendQuery } from './ground.js';
export { Line } from './line.js';
export type { OnCommit, OnCommitOptions } from './on-commit.js';
export { inOneBlock, inSavepoint } from './one-block.js';
export { OwnTransaction } from './own-transaction.js';
export {
  databaseFor,
  databases,
  findDatabase,
  register,
  type Using,
  unregister,
} from './registry.js';
export { replaceMethod } from './replace-method.js';
export { GIVEN_BACK } from './sequelize-methods.js';
export { isAborted } from './server-errors.js';
export {
  beginSavepoint,
  carrierOf,
  newTransaction,
  type OpenTransaction,
  releaseSavepoint,
  rollbackToSavepoint,
  sendControl,
} from './statements.js';
export type {
  CurrentTransactionSignal,
  TransactionNamespace,
  UsingOptions,
} from './transaction.js';
export { atomic, defer, onCommit, transaction } from './transaction.js';
export {
  type PostCommit,
  type PostRollback,
  postCommit,
  postRollback,
} from './transaction-signals.js';
export { Turns } from './turns.js';
