import { isObject, peek } from '../base/index.js';
import { errorCodes } from './dialects.js';

const LOST = errorCodes('lost');
const ENDED = errorCodes('ended');
const ABORTED = errorCodes('aborted');

/** How many errors behind one are looked at: a getter may make a new cause each time that it is read. */
const DEPTH = 1_000;

/** The driver's code of an error that Sequelize wrapped. */
function driverCode(error: unknown): unknown {
  return peek(peek(error, 'parent'), 'code');
}

/** Whether the server refused a statement; anything else was refused before one was sent. */
export function isServerError(error: unknown): boolean {
  return error instanceof Error && 'parent' in error;
}

/** Whether `error`, or one of those behind it, says that the transaction lost against another one. */
export function isRetryable(error: unknown): boolean {
  return behind(error).some((each) => LOST.has(driverCode(each)) || LOST.has(peek(each, 'code')));
}

/** An error with its causes and, where it stands for several, with each of those. */
function behind(error: unknown): unknown[] {
  const found = new Set([error]);
  for (const each of found) {
    const errors = peek(each, 'errors');
    for (const next of [peek(each, 'cause'), ...(Array.isArray(errors) ? errors : [])]) {
      if (isObject(next) && found.size < DEPTH) found.add(next);
    }
  }
  return [...found];
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
  return peek(error, 'name') === 'SequelizeUniqueConstraintError';
}
