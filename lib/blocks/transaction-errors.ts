import { RolledBackError, TransactionManagementError } from '../base/index.js';

/** What stands for a block in a message. */
interface Labelled {
  readonly label: string;
}

export function brokenError(block: Labelled, cause: unknown): TransactionManagementError {
  return new TransactionManagementError(
    'SIGNALS_TRANSACTION_BROKEN',
    `${block.label} is broken by an earlier error, the cause of this one: nothing more runs in it. ` +
      'Leave the block, or put what may fail into a nested atomic() and catch its error outside of that.',
    { cause },
  );
}

export function rollbackRequestedError(block: Labelled): TransactionManagementError {
  return new TransactionManagementError(
    'SIGNALS_TRANSACTION_BROKEN',
    `${block.label} is to be rolled back, as transaction.setRollback(true) asked: nothing more runs in it.`,
  );
}

export function endedError(block: Labelled, cause?: unknown): TransactionManagementError {
  return new TransactionManagementError(
    'SIGNALS_TRANSACTION_ENDED',
    `${block.label} has ended, and work that was started in it goes on. ` +
      'Await that work inside the block, or start it with transaction.outside() if it is meant to outlive it.',
    cause === undefined ? undefined : { cause },
  );
}

export function committingError(block: Labelled, cause?: unknown): TransactionManagementError {
  return new TransactionManagementError(
    'SIGNALS_TRANSACTION_COMMITTING',
    `${block.label} is being committed or rolled back, and work that was started in it goes on. ` +
      'Await that work inside the block, or use onCommit() for what must come after it.',
    cause === undefined ? undefined : { cause },
  );
}

export function misusedError(message: string): TransactionManagementError {
  return new TransactionManagementError('SIGNALS_TRANSACTION_MISUSED', message);
}

export function inHookError(block: Labelled): TransactionManagementError {
  return misusedError(
    `A hook of a statement that begins, divides or ends ${block.label} cannot start a block in it: there is no ` +
      'place for its savepoint. Send the queries of the hook by themselves, or let it pass over such statements.',
  );
}

export function foreignError(message: string): TransactionManagementError {
  return new TransactionManagementError('SIGNALS_TRANSACTION_FOREIGN', message);
}

export function requiredError(what: string): TransactionManagementError {
  return new TransactionManagementError(
    'SIGNALS_TRANSACTION_REQUIRED',
    `${what} needs an open transaction. Call it inside atomic().`,
  );
}

export function overlapError(writer: Labelled, undone: Labelled): TransactionManagementError {
  return new TransactionManagementError(
    'SIGNALS_TRANSACTION_OVERLAP',
    `${writer.label} wrote while ${undone.label} was open in the same transaction, and the rollback of the latter undid that write. ` +
      'Await the end of a nested block before the next query of another one.',
  );
}

export function lostError(lost: Labelled, undone: Labelled): TransactionManagementError {
  return new TransactionManagementError(
    'SIGNALS_TRANSACTION_OVERLAP',
    `${lost.label} was open while ${undone.label}, which is older in the same transaction, was rolled back: what was done in the former is undone with it. ` +
      'End the younger one before the older one.',
  );
}

export function selfWaitError(waiting: Labelled, holder: Labelled): TransactionManagementError {
  return new TransactionManagementError(
    'SIGNALS_TRANSACTION_MISUSED',
    `${waiting.label} cannot begin a transaction of its own beside ${holder.label}: this database has one connection, ` +
      'and a connection has one transaction. Nest it with atomic(), or pass { transaction }.',
  );
}

export function swallowedError(block: Labelled, cause: unknown): RolledBackError {
  return new RolledBackError(
    `${block.label} was rolled back, because of an earlier error in it that was caught: the cause of this one. ` +
      'Let that error leave the block, or put what may fail into a nested atomic().',
    { cause },
  );
}

export function falseCommitError(block: Labelled, cause: unknown): RolledBackError {
  return new RolledBackError(
    `${block.label} was rolled back: the server answered its COMMIT with ROLLBACK, ` +
      'because a statement in it had failed and the error was caught.',
    { cause },
  );
}

export function abandonedError(block: Labelled): TransactionManagementError {
  return new TransactionManagementError(
    'SIGNALS_TRANSACTION_ENDED',
    `${block.label} was still running when the block around it ended. Await it there.`,
  );
}

const IMPLICIT_COMMIT = 'SIGNALS_IMPLICIT_COMMIT';

export function implicitCommitError(savepoint: string, cause: unknown): TransactionManagementError {
  return new TransactionManagementError(
    IMPLICIT_COMMIT,
    `The server no longer knows the savepoint ${savepoint}: a statement in the block has committed the transaction, ` +
      'as CREATE, ALTER, DROP and TRUNCATE do on MySQL and MariaDB. What came before it is stored, and what came ' +
      'after it too, statement by statement. Keep such statements out of blocks.',
    { cause },
  );
}

/** Whether an error tells that the work of a block is stored, whatever becomes of the block. */
export function isImplicitCommit(error: unknown): boolean {
  return error instanceof TransactionManagementError && error.code === IMPLICIT_COMMIT;
}
