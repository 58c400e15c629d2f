import type { Options } from 'sequelize';
import { postgres } from '../test/support/servers/postgres.js';

const VARIABLE = 'BENCH_POSTGRES';

/** Starts the servers of the run; the processes that it forks find them in their environment. */
export async function startServers(): Promise<void> {
  const { options } = await postgres.createDatabase();
  process.env[VARIABLE] = JSON.stringify(options);
}

/** Ends what `startServers` started. */
export async function stopServers(): Promise<void> {
  await postgres.stop();
}

/** How a Sequelize reaches the PostgreSQL of the run. */
export function postgresOptions(): Options {
  const options = process.env[VARIABLE];
  if (!options) throw new Error('The PostgreSQL of the benchmarks is not running.');
  return { logging: false, ...JSON.parse(options) };
}

/** A SQLite of its own, in memory. */
export const sqliteOptions: Options = { dialect: 'sqlite', storage: ':memory:', logging: false };
