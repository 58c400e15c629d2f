/**
 * Tools for testing applications that use `sequelize-signals`, in any test runner.
 *
 * @packageDocumentation
 */
export { LeakError } from '../base/index.js';
export { assertNoLeaks } from './assert-no-leaks.js';
export {
  type CaptureCallbacks,
  type CaptureOnCommitCallbacks,
  type CaptureOptions,
  captureOnCommitCallbacks,
} from './capture-on-commit-callbacks.js';
export {
  type FailCommitOptions,
  type FalseCommitOptions,
  failCommit,
  falseCommit,
  type InjectedFault,
} from './fail-commit.js';
export {
  type Muted,
  type MutedEverywhere,
  type MuteOptions,
  muteSignals,
  type SignalMute,
  type SuppressedCall,
} from './mute-signals.js';
export {
  type RecordSignalOptions,
  recordSignal,
  type SignalRecording,
} from './record-signal.js';
export {
  type TestHooks,
  type TestTransaction,
  type TestTransactionFunction,
  type TestTransactionOptions,
  testTransaction,
} from './test-transaction.js';
