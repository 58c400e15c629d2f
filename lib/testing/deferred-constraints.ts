import type { ForeignKeyConstraintError, Sequelize } from 'sequelize';
import {
  beginSavepoint,
  type OpenTransaction,
  rollbackToSavepoint,
  sendControl,
} from '../transactions/index.js';
import type { Place } from './place.js';

type Trunk = Place['trunk'];

/** Checks, as a COMMIT would, the constraints that are put off until then (D-302). */
export async function checkDeferredConstraints(sequelize: Sequelize, trunk: Trunk): Promise<void> {
  const dialect = sequelize.getDialect();
  if (dialect === 'postgres') await checkAtOnce(sequelize, trunk);
  if (dialect === 'sqlite') await findViolation(sequelize, trunk.transaction);
}

/** PostgreSQL: constraints stay immediate until a rollback, and the next block wants its own deferred. */
async function checkAtOnce(sequelize: Sequelize, trunk: Trunk): Promise<void> {
  const { transaction } = trunk;
  const savepoint = trunk.nextSavepoint();
  await beginSavepoint(sequelize, transaction, savepoint);
  await sendControl(sequelize, transaction, 'SET CONSTRAINTS ALL IMMEDIATE;');
  await rollbackToSavepoint(sequelize, transaction, savepoint);
}

const VIOLATION = `SELECT violation."table" AS name
  FROM pragma_foreign_key_check AS violation, pragma_foreign_keys AS setting
  WHERE setting.foreign_keys LIMIT 1;`;

/** SQLite: it has no such statement, but finds foreign keys that lead nowhere, as Django asks it to. */
async function findViolation(sequelize: Sequelize, transaction: OpenTransaction): Promise<void> {
  const [violations] = await sendControl(sequelize, transaction, VIOLATION);
  const [violation] = violations as { readonly name: string }[];
  if (violation) throw violationError(sequelize, violation.name);
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
