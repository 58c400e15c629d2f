/**
 * A second door, for the testing kit alone: what it needs to put a transaction of a test in the
 * place of the pool, and to get hold of callbacks.
 *
 * @packageDocumentation
 */
export type { Block } from './block.js';
export type { Callback, Callbacks, Capture, DueCallback } from './callbacks.js';
export type { Handle } from './driver.js';
export { Lock, type LockHolder } from './lock.js';
export type { RootBlock } from './root-block.js';
export { Savepoint, type SavepointOwner, SavepointStack } from './savepoint-stack.js';
export type { RealTransaction, SendQuery, TransactionSource, Writes } from './source.js';
export type { CommitFault, TestSeam } from './test-seam.js';
