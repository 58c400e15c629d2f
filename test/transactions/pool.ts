import { expect } from 'chai';
import type { Sequelize } from 'sequelize';

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
