/** The stable codes of this library's errors. A code is never renamed or given a new meaning. */
export type ErrorCode =
  | 'SIGNALS_INVALID_ARGUMENT'
  | 'SIGNALS_ASYNC_RECEIVER'
  | 'SIGNALS_NON_ERROR_THROWN'
  | 'SIGNALS_NOT_INSTALLED'
  | 'SIGNALS_ALIAS_TAKEN'
  | 'SIGNALS_IN_USE'
  | 'SIGNALS_SECOND_COPY'
  | 'SIGNALS_UNKNOWN_MODEL'
  | 'SIGNALS_UNKNOWN_ROWS'
  | 'SIGNALS_ROWS_CHANGED'
  | 'SIGNALS_MULTIPLE_OBJECTS_RETURNED'
  | 'SIGNALS_PROTECTED'
  | 'SIGNALS_CIRCULAR_CASCADE'
  | 'SIGNALS_TRANSACTION_REQUIRED'
  | 'SIGNALS_TRANSACTION_BROKEN'
  | 'SIGNALS_TRANSACTION_ENDED'
  | 'SIGNALS_TRANSACTION_COMMITTING'
  | 'SIGNALS_TRANSACTION_FOREIGN'
  | 'SIGNALS_TRANSACTION_OVERLAP'
  | 'SIGNALS_TRANSACTION_MISUSED'
  | 'SIGNALS_IMPLICIT_COMMIT'
  | 'SIGNALS_ROLLED_BACK'
  | 'SIGNALS_DURABLE'
  | 'SIGNALS_BADLY_BEHAVED_HANDLER'
  | 'SIGNALS_NO_ANSWER'
  | 'SIGNALS_RECORDING_ENDED'
  | 'SIGNALS_NOT_JSON'
  | 'SIGNALS_INVALID_TASK'
  | 'SIGNALS_UNKNOWN_TASK'
  | 'SIGNALS_TASKS_NOT_SENT'
  | 'SIGNALS_TASK_TAKEN'
  | 'SIGNALS_TASK_UNFINISHED'
  | 'SIGNALS_TASK_RESULT_UNKNOWN'
  | 'SIGNALS_TASK_RESULT_MISMATCH'
  | 'SIGNALS_LEAK';

/** What every error of this library has in common: a `code` that stays the same between versions. */
export class SignalsError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Thrown at the call when an argument is of the wrong kind. Nothing has been done then. */
export class InvalidArgumentError extends TypeError {
  readonly code: ErrorCode = 'SIGNALS_INVALID_ARGUMENT';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Thrown by `sendSync` and `sendRobustSync` for a receiver that returned a promise. */
export class AsyncReceiverError extends SignalsError {
  constructor(message: string, options?: ErrorOptions) {
    super('SIGNALS_ASYNC_RECEIVER', message, options);
  }
}

/** Stands in for a thrown value that is not an `Error`; the value is its `cause`. */
export class NonErrorThrownError extends SignalsError {
  constructor(message: string, options?: ErrorOptions) {
    super('SIGNALS_NON_ERROR_THROWN', message, options);
  }
}

/** Thrown when a `using` names no installed Sequelize instance. */
export class NotInstalledError extends SignalsError {
  constructor(message: string, options?: ErrorOptions) {
    super('SIGNALS_NOT_INSTALLED', message, options);
  }
}

/** Thrown by `install` when another instance has the alias. */
export class AliasTakenError extends SignalsError {
  constructor(message: string, options?: ErrorOptions) {
    super('SIGNALS_ALIAS_TAKEN', message, options);
  }
}

/** Thrown when a model name is not defined on any installed instance, where it must be. */
export class UnknownModelError extends SignalsError {
  constructor(message: string, options?: ErrorOptions) {
    super('SIGNALS_UNKNOWN_MODEL', message, options);
  }
}

/** Thrown when a transaction is used in a way that could not be honoured; `code` tells which. */
export class TransactionManagementError extends SignalsError {
  /** The query that came after the end of its transaction, where Sequelize has it too. */
  declare readonly sql?: string;
}

/**
 * Thrown by a block that was left normally but could not keep its work: an earlier error in it
 * was swallowed, or the server answered COMMIT with a rollback. `cause` is the earlier error.
 */
export class RolledBackError extends TransactionManagementError {
  constructor(message: string, options?: ErrorOptions) {
    super('SIGNALS_ROLLED_BACK', message, options);
  }
}

/** Thrown by `atomic({ durable: true })` inside another block, before any SQL. */
export class DurableTransactionError extends TransactionManagementError {
  constructor(message: string, options?: ErrorOptions) {
    super('SIGNALS_DURABLE', message, options);
  }
}

/**
 * Thrown after a callback or a receiver of a transaction signal returned while a transaction
 * that it had begun was still open. That transaction has been rolled back.
 */
export class BadlyBehavedTransactionSignalHandlerError extends SignalsError {
  constructor(message: string, options?: ErrorOptions) {
    super('SIGNALS_BADLY_BEHAVED_HANDLER', message, options);
  }
}

/** Thrown by `assertNoLeaks` of the testing kit; `leaks` says one by one what was left. */
export class LeakError extends SignalsError {
  readonly leaks: readonly string[];

  constructor(leaks: readonly string[], options?: ErrorOptions) {
    super(
      'SIGNALS_LEAK',
      `${leaks.length === 1 ? 'Something was' : `${leaks.length} things were`} left behind: ${leaks.join('; ')}. ` +
        'Disconnect what was connected, and await or end what was begun.',
      options,
    );
    this.leaks = leaks;
  }
}
