import type { ForeignKeyConstraintError, Sequelize } from 'sequelize';
import { dialectOf } from './dialects.js';
import type { OpenTransaction } from './internals.js';
import { rollbackToSavepoint, sendControl, setSavepoint } from './statements.js';

/**
 * Checks, as a COMMIT would, the constraints that are put off until then (D-302).
 *
 * @param savepoint - the name of a savepoint that is not used yet.
 */
export async function checkDeferredConstraints(
  transaction: OpenTransaction,
  savepoint: string,
): Promise<void> {
  const { checksDeferredConstraints } = dialectOf(transaction.sequelize);
  if (checksDeferredConstraints === 'by statement') await checkAtOnce(transaction, savepoint);
  if (checksDeferredConstraints === 'by search') await findViolation(transaction);
}

/** Constraints stay immediate until a rollback, and the next block wants its own deferred. */
async function checkAtOnce(transaction: OpenTransaction, savepoint: string): Promise<void> {
  await setSavepoint(transaction, savepoint);
  await sendControl(transaction, 'SET CONSTRAINTS ALL IMMEDIATE;');
  await rollbackToSavepoint(transaction, savepoint);
}

const VIOLATION = `SELECT violation."table" AS name
  FROM pragma_foreign_key_check AS violation, pragma_foreign_keys AS setting
  WHERE setting.foreign_keys LIMIT 1;`;

/** SQLite has no such statement, but finds foreign keys that lead nowhere, as Django asks it to. */
async function findViolation(transaction: OpenTransaction): Promise<void> {
  const [violations] = await sendControl(transaction, VIOLATION);
  const [violation] = violations as { readonly name: string }[];
  if (violation) throw violationError(transaction.sequelize, violation.name);
}

/** The error that Sequelize makes of a COMMIT that SQLite refuses. */
function violationError(sequelize: Sequelize, table: string): Error {
  const { ForeignKeyConstraintError: ViolationError } = sequelize.constructor as unknown as {
    readonly ForeignKeyConstraintError: typeof ForeignKeyConstraintError;
  };
  const message = `SQLITE_CONSTRAINT: FOREIGN KEY constraint failed, in the table "${table}"`;
  const parent = Object.assign(new Error(message), {
    code: 'SQLITE_CONSTRAINT',
    errno: 19,
    sql: 'COMMIT;',
  });
  return new ViolationError({ parent });
}
