/** The codes by which a server says that a transaction lost against another and may be tried again. */
const LOSSES: ReadonlySet<unknown> = new Set([
  '40001', // PostgreSQL: serialization failure
  '40P01', // PostgreSQL: deadlock
  'ER_LOCK_DEADLOCK', // MySQL and MariaDB: deadlock
  'ER_CHECKREAD', // MariaDB: the row changed since the snapshot
  'SQLITE_BUSY',
]);

/**
 * The codes by which a server says that it has rolled back the whole transaction together with the
 * statement. What the session sends next is stored at once, each statement by itself.
 */
const ENDS: ReadonlySet<unknown> = new Set([
  'ER_LOCK_DEADLOCK',
  'ER_CHECKREAD',
  'SQLITE_FULL',
  'SQLITE_IOERR',
  'SQLITE_NOMEM',
]);

/** The driver's code of an error that Sequelize wrapped. */
function driverCode(error: unknown): unknown {
  return (error as { readonly parent?: { readonly code?: unknown } } | undefined)?.parent?.code;
}

/** Whether `error`, or what caused it, says that the transaction lost against another. */
export function isLoss(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { readonly code?: unknown };
    if (LOSSES.has(driverCode(cause)) || LOSSES.has(code)) return true;
  }
  return false;
}

/** Whether the server has ended the transaction of the statement that failed. */
export function endsTransaction(error: unknown): boolean {
  return ENDS.has(driverCode(error));
}

/** Whether PostgreSQL refused a statement because of an earlier one, whose error was caught. */
export function isAborted(error: unknown): boolean {
  return driverCode(error) === '25P02';
}
