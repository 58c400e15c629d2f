import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A PostgreSQL server for all processes that run tests, none of which gets to tidy up. */
export async function startPostgres(root) {
  const program = join(root, '.cache/test/support/servers/postgres-process.js');
  const server = fork(program, { detached: true, stdio: 'ignore' });
  const [report] = await once(server, 'message');
  if (report.failure) throw new Error(`PostgreSQL does not start: ${report.failure}`);
  const { Client } = createRequire(join(root, 'package.json'))('pg');
  const client = new Client({ connectionString: report.url });
  await client.connect();
  let dropping = Promise.resolve();
  return {
    url: report.url,
    /** Drops the databases of a process. */
    dropDatabasesOf(pid) {
      dropping = dropping.then(() => dropDatabases(client, `suite\\_${pid}\\_%`));
    },
    async stop() {
      await dropping;
      await client.end();
      const exit = once(server, 'exit');
      server.disconnect();
      await exit;
    },
  };
}

async function dropDatabases(client, pattern) {
  const { rows } = await client.query('SELECT datname FROM pg_database WHERE datname LIKE $1', [
    pattern,
  ]);
  for (const { datname } of rows) await client.query(`DROP DATABASE ${datname} WITH (FORCE)`);
}
