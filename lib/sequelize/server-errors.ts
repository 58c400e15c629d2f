import { errorCodes } from './dialects.js';

const LOST = errorCodes('lost');
const ENDED = errorCodes('ended');
const ABORTED = errorCodes('aborted');

/** The driver's code of an error that Sequelize wrapped. */
function driverCode(error: unknown): unknown {
  return (error as { readonly parent?: { readonly code?: unknown } } | undefined)?.parent?.code;
}

/** Whether the server refused a statement; anything else was refused before one was sent. */
export function isServerError(error: unknown): boolean {
  return error instanceof Error && 'parent' in error;
}

/** Whether `error`, or what caused it, says that the transaction lost against another one. */
export function isRetryable(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { readonly code?: unknown };
    if (LOST.has(driverCode(cause)) || LOST.has(code)) return true;
  }
  return false;
}

/** Whether the server has ended the transaction of the statement that failed. */
export function endsTransaction(error: unknown): boolean {
  return ENDED.has(driverCode(error));
}

/** Whether the server refused a statement because of an earlier one, whose error was caught. */
export function isAborted(error: unknown): boolean {
  return ABORTED.has(driverCode(error));
}

/** Whether a row that was to be inserted is there already. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && error.name === 'SequelizeUniqueConstraintError';
}
