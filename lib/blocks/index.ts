/**
 * The state machine of transactions: blocks, savepoints, and the callbacks that wait for the
 * commit. It knows no Sequelize: what it needs of a database is declared in `driver.ts` and
 * `source.ts`.
 *
 * @packageDocumentation
 */
export type { Block } from './block.js';
export { BlockName } from './block-name.js';
export { Blocks } from './blocks.js';
export {
  type Batch,
  type Callback,
  type CallbackOptions,
  type DueCallback,
  logFailedCallback,
} from './callbacks.js';
export type { Driver, Handle, Outcome } from './driver.js';
export type { FailedQuery } from './failure-record.js';
export type { ApplicationContext } from './flow.js';
export { LeftOpenWatch } from './left-open.js';
export { Lock } from './lock.js';
export { commitSavepoint, rollbackSavepoint, setSavepoint } from './manual-savepoints.js';
export type { BlockObserver } from './observer.js';
export type { RootBlock } from './root-block.js';
export type { Savepoint } from './savepoint-stack.js';
export type { RealTransaction, SendQuery, TransactionSource, Writes } from './source.js';
export {
  foreignError,
  implicitCommitError,
  misusedError,
  requiredError,
  selfWaitError,
} from './transaction-errors.js';
export type { Change, Memento } from './undo-log.js';
