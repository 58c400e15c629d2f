import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmptyDatabase, Server } from './server.js';

/** SQLite without a file. */
export const sqliteMemory: Server = {
  name: 'sqlite memory',
  dialect: 'sqlite',
  hasOneConnection: true,
  async createDatabase(): Promise<EmptyDatabase> {
    return { options: { dialect: 'sqlite', storage: ':memory:' }, drop: async () => {} };
  },
  async stop() {},
};

/** SQLite in a file, where each transaction has a connection of its own. */
export const sqliteFile: Server = {
  name: 'sqlite file',
  dialect: 'sqlite',
  hasOneConnection: false,
  async createDatabase(): Promise<EmptyDatabase> {
    const folder = await mkdtemp(join(tmpdir(), 'sequelize-signals-'));
    return {
      options: { dialect: 'sqlite', storage: join(folder, 'test.sqlite') },
      drop: () => rm(folder, { recursive: true, force: true }),
    };
  },
  async stop() {},
};
