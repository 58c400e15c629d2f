import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { QueryTypes, type Sequelize } from 'sequelize';

/** What Sequelize's types do not show of its connections. */
interface Manager {
  readonly pool: {
    readonly size: number;
    readonly available: number;
    readonly using: number;
    readonly waiting: number;
  };
  /** SQLite's, by transaction: it does not use the pool. */
  readonly connections?: Record<string, object>;
}

/** How many connections there are, and how many are in use. */
export interface PoolState {
  readonly size: number;
  readonly using: number;
  readonly waiting: number;
}

export function poolOf(sequelize: Sequelize): PoolState {
  const { pool, connections } = sequelize.connectionManager as unknown as Manager;
  if (sequelize.getDialect() !== 'sqlite') {
    return { size: pool.size, using: pool.using, waiting: pool.waiting };
  }
  const open = Object.keys(connections ?? {});
  const shared = ['default', '1'];
  return {
    size: open.length,
    using: open.filter((key) => !shared.includes(key)).length,
    waiting: 0,
  };
}

/** Checks that all connections have gone back, and that nobody waits for one. */
export function expectIdlePool(sequelize: Sequelize): void {
  const { using, waiting } = poolOf(sequelize);
  expect({ using, waiting }, 'connections that were not given back').to.deep.equal({
    using: 0,
    waiting: 0,
  });
}

/** Where a server tells which sessions of the current database are in a transaction. */
const IN_TRANSACTION: Readonly<Record<string, string>> = {
  postgres: `SELECT pid AS session FROM pg_stat_activity
    WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
  mysql: `SELECT id AS session FROM information_schema.innodb_trx
    JOIN information_schema.processlist ON id = trx_mysql_thread_id WHERE db = DATABASE()`,
};

/** How many milliseconds InnoDB wants to be left alone before it looks at its transactions anew. */
const QUIET = 120;

let quiet: Promise<unknown> = Promise.resolve();

/** Waits until nobody here has asked InnoDB for a while: it would tell again what it told them. */
function quietMoment(): Promise<unknown> {
  const moment = quiet;
  quiet = moment.then(() => sleep(QUIET));
  return moment;
}

/** Asks the server whether a session was left in a transaction. */
export async function expectNoSessionInTransaction(sequelize: Sequelize): Promise<void> {
  const dialect = sequelize.getDialect();
  const sql = IN_TRANSACTION[dialect === 'mariadb' ? 'mysql' : dialect];
  if (sql === undefined) return;
  if (sql.includes('innodb_trx')) await quietMoment();
  const sessions = await sequelize.query(sql, { type: QueryTypes.SELECT, transaction: null });
  expect(sessions, 'sessions that were left in a transaction').to.deep.equal([]);
}
