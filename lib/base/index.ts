/**
 * What every floor stands on: errors, the asynchronous context, the logger, and the checks of
 * arguments. Nothing in here knows what the library is for.
 *
 * @packageDocumentation
 */
export { allOrNothing, ifItFails } from './all-or-nothing.js';
export { FlowValue } from './context.js';
export { heldElsewhere, hintAtCopies, hold, share } from './copies.js';
export { copyOf, isPlain, isSame } from './copy.js';
export { dressAs } from './dress-as.js';
export {
  AliasTakenError,
  AsyncReceiverError,
  BadlyBehavedTransactionSignalHandlerError,
  DurableTransactionError,
  type ErrorCode,
  InvalidArgumentError,
  LeakError,
  NonErrorThrownError,
  NotInstalledError,
  RolledBackError,
  SignalsError,
  TransactionManagementError,
  UnknownModelError,
} from './errors.js';
export { functionName, givenName } from './function-name.js';
export { isClass } from './is-class.js';
export { type Configuration, configure, type Logger, logger } from './logger.js';
export { groupBy, obtain } from './maps.js';
export {
  ANYTHING,
  BOOLEAN,
  checkOptions,
  NAME,
  type OptionRule,
  type OptionRules,
  show,
} from './options.js';
export { override } from './override.js';
export { placeInStack } from './place-in-stack.js';
export { rejecting } from './rejecting.js';
export { isError, textOf } from './thrown.js';
export { isObject, isThenable, peek } from './values.js';
