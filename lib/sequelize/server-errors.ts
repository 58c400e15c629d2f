import { isObject, peek } from '../base/index.js';
import { errorCodes } from './dialects.js';

const LOST = errorCodes('lost');
const ENDED = errorCodes('ended');
const DOUBTFUL = errorCodes('doubtful');
const REFUSED = errorCodes('refused');
const FORGOTTEN = errorCodes('forgotten');
const ABORTED = errorCodes('aborted');

/** What drivers say when they have waited for long enough: `query_timeout` of pg, `timeout` of mysql2. */
const GIVEN_UP: ReadonlySet<unknown> = new Set(['Query read timeout', 'PROTOCOL_SEQUENCE_TIMEOUT']);

/** How many errors behind one are looked at: a getter may make a new cause each time that it is read. */
const DEPTH = 1_000;

/** The driver's code of an error that Sequelize wrapped. */
function driverCode(error: unknown): unknown {
  return peek(peek(error, 'parent'), 'code');
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

/** Whether the server may have ended the transaction, which the error does not tell. */
export function mayEndTransaction(error: unknown): boolean {
  return DOUBTFUL.has(driverCode(error));
}

/** Whether a statement was refused before it did anything, so that it may be sent again. */
export function isRefused(error: unknown): boolean {
  return REFUSED.has(driverCode(error));
}

/**
 * Whether the client waits no longer for an answer that the server may still give: by the `timeout`
 * of Sequelize's `retry`, or by one of the driver.
 */
export function isGivenUp(error: unknown): boolean {
  const parent = peek(error, 'parent');
  if (parent === undefined) return peek(error, 'name') === 'TimeoutError';
  return GIVEN_UP.has(peek(parent, 'message')) || GIVEN_UP.has(peek(parent, 'code'));
}

/** Whether the server does not know a savepoint. */
export function isForgotten(error: unknown): boolean {
  return FORGOTTEN.has(driverCode(error));
}

/** Whether the server refused a statement because of an earlier one, whose error was caught. */
export function isAborted(error: unknown): boolean {
  return ABORTED.has(driverCode(error));
}

/** Whether a row that was to be inserted is there already. */
export function isUniqueViolation(error: unknown): boolean {
  return peek(error, 'name') === 'SequelizeUniqueConstraintError';
}
