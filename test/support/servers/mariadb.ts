import { randomBytes } from 'node:crypto';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import type { Dialect } from 'sequelize';
import { type EmptyDatabase, type Server, ServerUnavailable } from './server.js';

/** The server that `MARIADB_URL` names, through the driver mysql2. */
export const mysql = serverFor('mysql');

/** The same server, through the driver mariadb. */
export const mariadb = serverFor('mariadb');

function serverFor(dialect: Dialect & ('mysql' | 'mariadb')): Server {
  return {
    name: dialect,
    dialect,
    hasOneConnection: false,

    async createDatabase(): Promise<EmptyDatabase> {
      running ??= start();
      const { url, connection } = await running;
      const database = `${RUN}_${++databases}`;
      await connection.query(`CREATE DATABASE ${database}`);
      return {
        options: {
          dialect,
          host: url.hostname,
          port: Number(url.port || 3306),
          username: decodeURIComponent(url.username),
          password: decodeURIComponent(url.password),
          database,
        },
        drop: async () => {
          await connection.query(`DROP DATABASE ${database}`);
        },
      };
    },

    async stop() {
      const started = await running?.catch(() => undefined);
      running = undefined;
      await started?.connection.end();
    },
  };
}

const PREFIX = 'sequelize_signals';
const RUN = `${PREFIX}_${randomBytes(4).toString('hex')}`;

let running: Promise<{ url: URL; connection: Connection }> | undefined;
let databases = 0;

async function start(): Promise<{ url: URL; connection: Connection }> {
  if (!process.env.MARIADB_URL) {
    throw new ServerUnavailable('MARIADB_URL is not set (mysql://user:password@host:port/)');
  }
  const url = new URL(process.env.MARIADB_URL);
  const connection = await createConnection({ uri: url.href }).catch((error: Error) => {
    throw new ServerUnavailable(`no server answers at MARIADB_URL: ${error.message}`);
  });
  // A lock lives as long as its session: it tells other runs that this one's databases are in use.
  await connection.query('SELECT GET_LOCK(?, 0)', [RUN]);
  await dropLeftovers(connection);
  return { url, connection };
}

/** Drops the databases of runs that were killed. */
async function dropLeftovers(connection: Connection): Promise<void> {
  const [found] = await connection.query<RowDataPacket[]>(
    `SELECT schema_name AS name FROM information_schema.schemata
      WHERE schema_name LIKE ? AND IS_FREE_LOCK(SUBSTRING_INDEX(schema_name, '_', 3))`,
    [`${PREFIX}\\_%`],
  );
  for (const { name } of found) await connection.query(`DROP DATABASE ${name}`);
}
