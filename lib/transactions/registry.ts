import type { Sequelize } from 'sequelize';
import {
  AliasTakenError,
  heldElsewhere,
  hintAtCopies,
  NotInstalledError,
  type OptionRule,
  share,
} from '../base/index.js';
import type { Database } from '../sequelize/index.js';

/** Names an installed database: its alias, or the Sequelize instance itself. */
export type Using = string | Sequelize;

const byAlias = new Map<string, Database>();
const bySequelize = new WeakMap<Sequelize, Database>();

/** The database that `using` names, if it is installed. */
export function findDatabase(using: Using): Database | undefined {
  return typeof using === 'string' ? byAlias.get(using) : bySequelize.get(using);
}

/** As `findDatabase`, for what another copy of the package has installed. */
const findElsewhere = share((using) => findDatabase(using as Using));

/** The database that `using` names; `'default'` without it. */
export function databaseFor(using: Using = 'default'): Database {
  const database = findDatabase(using) ?? findElsewhere(using);
  if (database) return database;
  if (typeof using !== 'string') throw instanceError(using);
  throw new NotInstalledError(
    `No Sequelize instance is installed under the alias "${using}". ` +
      `Call install(sequelize${using === 'default' ? '' : `, { using: '${using}' }`}) first.${hintAtCopies()}`,
  );
}

function instanceError(sequelize: Sequelize): NotInstalledError {
  const elsewhere = heldElsewhere(sequelize);
  return new NotInstalledError(
    elsewhere === undefined
      ? 'The Sequelize instance given as "using" is not installed. Call install(sequelize) first.'
      : `The Sequelize instance given as "using" is installed by ${elsewhere}. Have both come from one place.`,
  );
}

/** All installed databases, in the order of their installation. */
export function databases(): Iterable<Database> {
  return byAlias.values();
}

/** Whether a value may name a database. */
export function isUsing(value: unknown): value is Using {
  return typeof value === 'string' || (typeof value === 'object' && value !== null);
}

/** The rule of an option that names the database. */
export const USING: OptionRule = {
  accepts: isUsing,
  expected: 'an alias or an installed Sequelize instance',
};

/** The rule of an option that names a transaction, or none. */
export const TRANSACTION: OptionRule = {
  accepts: (value) => typeof value === 'object',
  expected: 'a Transaction of Sequelize, or null',
};

/** Throws when a database is installed under `alias`. */
export function assertAliasFree(alias: string): void {
  if (!byAlias.has(alias)) return;
  throw new AliasTakenError(
    `Another Sequelize instance is installed as "${alias}". ` +
      "Give this one an alias of its own, install(sequelize, { using: 'other' }), or uninstall() the other first: " +
      'to close() an instance does not uninstall it.',
  );
}

/** Has `using` find the database. */
export function addDatabase(database: Database): void {
  byAlias.set(database.alias, database);
  bySequelize.set(database.sequelize, database);
}

/** Undoes `addDatabase`. */
export function removeDatabase(database: Database): void {
  byAlias.delete(database.alias);
  bySequelize.delete(database.sequelize);
}
