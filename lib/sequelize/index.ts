/**
 * The one room for Sequelize's insides: it implements what `blocks/` asks of a database, and holds
 * everything that Sequelize's documentation does not promise.
 *
 * @packageDocumentation
 */
export { ConnectionTransaction, holderOf } from './connection-transaction.js';
export { Database } from './database.js';
export { checkDeferredConstraints } from './deferred-constraints.js';
export { type Dialect, dialectOf } from './dialects.js';
export type { OpenTransaction } from './internals.js';
export { replaceMethod } from './replace-method.js';
export { isAborted, isRetryable, isUniqueViolation } from './server-errors.js';
export { newTransaction } from './statements.js';
export { GIVEN_BACK } from './transaction-calls.js';
export { transactionOf } from './transaction-class.js';
