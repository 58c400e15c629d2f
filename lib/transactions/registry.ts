import type { Sequelize } from 'sequelize';
import { AliasTakenError, InvalidArgumentError, NotInstalledError } from '../base/index.js';
import { Database } from './database.js';

/** Names an installed database: its alias, or the Sequelize instance itself. */
export type Using = string | Sequelize;

const byAlias = new Map<string, Database>();
const bySequelize = new WeakMap<Sequelize, Database>();

/** The database that `using` names, if it is installed. */
export function findDatabase(using: Using): Database | undefined {
  return typeof using === 'string' ? byAlias.get(using) : bySequelize.get(using);
}

/** The database that `using` names; `'default'` without it. */
export function databaseFor(using: Using = 'default'): Database {
  const database = isUsing(using) ? findDatabase(using) : undefined;
  if (database) return database;
  if (typeof using !== 'string') {
    throw new NotInstalledError(
      'The Sequelize instance given as "using" is not installed. Call install(sequelize) first.',
    );
  }
  throw new NotInstalledError(
    `No Sequelize instance is installed under the alias "${using}". ` +
      `Call install(sequelize${using === 'default' ? '' : `, { using: '${using}' }`}) first.`,
  );
}

/** All installed databases, in the order of their installation. */
export function databases(): Iterable<Database> {
  return byAlias.values();
}

function isUsing(value: unknown): value is Using {
  if (typeof value === 'string' || (typeof value === 'object' && value !== null)) return true;
  throw new InvalidArgumentError('"using" must be an alias or an installed Sequelize instance.');
}

/** Registers `sequelize` under `alias` and takes over its queries and transactions. */
export function register(sequelize: Sequelize, alias: string): Database {
  if (byAlias.has(alias)) {
    throw new AliasTakenError(
      `Another Sequelize instance is installed as "${alias}". ` +
        "Give this one an alias of its own: install(sequelize, { using: 'other' }).",
    );
  }
  const database = new Database(alias, sequelize);
  byAlias.set(alias, database);
  bySequelize.set(sequelize, database);
  return database;
}

/** Undoes `register`. */
export function unregister(database: Database): void {
  database.uninstall();
  byAlias.delete(database.alias);
  bySequelize.delete(database.sequelize);
}
