import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client } from 'pg';
import type { PostgresReport } from './postgres-process.js';
import { type EmptyDatabase, type Server, ServerUnavailable } from './server.js';

/** Databases of several runs may be on one server. */
const RUN = `suite_${process.pid}`;

let running: Promise<Started> | undefined;
let databases = 0;

interface Started {
  readonly url: string;
  /** Where the server runs, unless it was there before. */
  readonly process?: ChildProcess;
}

/**
 * The PostgreSQL server that `POSTGRES_URL` names. Without it, one of this run's own, started by the
 * first suite that needs it.
 */
export const postgres: Server = {
  name: 'postgres',
  dialect: 'postgres',
  hasOneConnection: false,

  async createDatabase(): Promise<EmptyDatabase> {
    running ??= start();
    const { url } = await running;
    const database = `${RUN}_${++databases}`;
    await administer(url, `CREATE DATABASE ${database}`);
    const { hostname, port, username, password } = new URL(url);
    return {
      options: {
        dialect: 'postgres',
        host: hostname,
        port: Number(port || 5432),
        username: decodeURIComponent(username),
        password: decodeURIComponent(password),
        database,
      },
      drop: () => administer(url, `DROP DATABASE ${database} WITH (FORCE)`),
    };
  },

  async stop() {
    const started = await running?.catch(() => undefined);
    if (started?.process === undefined) return;
    const exit = once(started.process, 'exit');
    started.process.disconnect();
    await exit;
  },
};

async function start(): Promise<Started> {
  if (process.env.POSTGRES_URL) return { url: process.env.POSTGRES_URL };
  // Detached, so that Ctrl-C reaches this process alone; the other one ends when its channel closes.
  const server = fork(join(__dirname, 'postgres-process.js'), { detached: true, stdio: 'ignore' });
  const report = await Promise.race([
    once(server, 'message').then(([message]) => message as PostgresReport),
    once(server, 'exit').then(([code]) => ({ failure: `its process ended with code ${code}` })),
  ]);
  if ('failure' in report) throw new ServerUnavailable(report.failure);
  return { process: server, url: report.url };
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}
