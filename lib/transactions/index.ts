/**
 * What users call: `atomic`, `onCommit`, `defer`, the namespace `transaction` and the signals of
 * transactions, each for the database that `using` names.
 *
 * @packageDocumentation
 */
export { afterTransaction, runCallbacks } from './after-transaction.js';
export type { Atomic, AtomicBody, AtomicFunction, AtomicWrapper } from './atomic.js';
export { type AtomicOptions, atomicRules, type RetryOptions } from './atomic-options.js';
export { Connection, type Connections, connections } from './connection.js';
export type { Defer } from './defer.js';
export { inOneBlock, inSavepoint } from './implicit-block.js';
export type {
  CurrentTransactionSignal,
  TransactionNamespace,
  UsingOptions,
} from './namespace.js';
export { atomic, defer, onCommit, transaction } from './namespace.js';
export type { OnCommit, OnCommitOptions } from './on-commit.js';
export {
  addDatabase,
  assertAliasFree,
  databaseFor,
  databases,
  findDatabase,
  removeDatabase,
  TRANSACTION,
  USING,
  type Using,
} from './registry.js';
export {
  type PostCommit,
  type PostRollback,
  postCommit,
  postRollback,
} from './transaction-signals.js';
export {
  blocksOf,
  type Doing,
  queueUntilStored,
  TogetherWhenStored,
} from './until-stored.js';
