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
export type { Configuration, Logger } from './logger.js';
export { configure } from './logger.js';
