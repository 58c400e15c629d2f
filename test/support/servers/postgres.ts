import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client } from 'pg';
import type { PostgresReport } from './postgres-process.js';
import { type EmptyDatabase, type Server, ServerUnavailable } from './server.js';

let running: Promise<{ process: ChildProcess; url: string }> | undefined;
let databases = 0;

/** A PostgreSQL server of this run's own, started by the first suite that needs it. */
export const postgres: Server = {
  name: 'postgres',
  dialect: 'postgres',
  hasOneConnection: false,

  async createDatabase(): Promise<EmptyDatabase> {
    running ??= start();
    const { url } = await running;
    const database = `suite_${++databases}`;
    await administer(url, `CREATE DATABASE ${database}`);
    const { hostname, port, username, password } = new URL(url);
    return {
      options: {
        dialect: 'postgres',
        host: hostname,
        port: Number(port),
        username,
        password,
        database,
      },
      drop: () => administer(url, `DROP DATABASE ${database} WITH (FORCE)`),
    };
  },

  async stop() {
    const started = await running?.catch(() => undefined);
    if (started === undefined) return;
    const exit = once(started.process, 'exit');
    started.process.disconnect();
    await exit;
  },
};

async function start(): Promise<{ process: ChildProcess; url: string }> {
  // Detached, so that Ctrl-C reaches this process alone; the other one ends when its channel closes.
  const process = fork(join(__dirname, 'postgres-process.js'), { detached: true, stdio: 'ignore' });
  const report = await Promise.race([
    once(process, 'message').then(([message]) => message as PostgresReport),
    once(process, 'exit').then(([code]) => ({ failure: `its process ended with code ${code}` })),
  ]);
  if ('failure' in report) throw new ServerUnavailable(report.failure);
  return { process, url: report.url };
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}
