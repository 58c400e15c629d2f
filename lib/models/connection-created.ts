import { type Database, replaceMethod } from '../sequelize/index.js';
import type { Family } from './family.js';
import { connectionCreated } from './model-signals.js';

/** The connections of Sequelize, as far as its types do not show them. */
interface ConnectionManager {
  getConnection(options?: SqliteOptions): Promise<object>;
  disconnect?(connection: object): Promise<unknown>;
  /** SQLite's open connections. */
  readonly connections?: Readonly<Record<string, object>>;
}

/** What Sequelize's SQLite completes the options of a query with, to find its connection. */
interface SqliteOptions {
  readonly inMemory?: 0 | 1;
  readonly uuid?: string;
}

/** What `removeHook` finds the hook by. */
const HOOK = 'sequelize-signals';

/** A hook of Sequelize's that its types do not show. */
interface Hooked {
  addHook(type: 'afterConnect', name: string, hook: (connection: object) => Promise<void>): unknown;
  removeHook(type: 'afterConnect', name: string): unknown;
}

/** Sends `connectionCreated`. */
export function connectionFamily(database: Database): Family {
  const manager = database.sequelize.connectionManager as unknown as ConnectionManager;
  if (database.sequelize.getDialect() === 'sqlite') return sqliteFamily(database, manager);

  const announceOrClose = async (connection: object): Promise<void> => {
    try {
      await announce(database, connection);
    } catch (error) {
      // Sequelize would forget the connection and leave it open.
      await manager.disconnect?.(connection);
      throw error;
    }
  };
  const hooked = database.sequelize as unknown as Hooked;
  hooked.addHook('afterConnect', HOOK, announceOrClose);
  return { undo: () => hooked.removeHook('afterConnect', HOOK) };
}

/** Sequelize's SQLite runs no hooks for connections, and hands the same one out again. */
function sqliteFamily(database: Database, manager: ConnectionManager): Family {
  const known = new WeakSet(Object.values(manager.connections ?? {}));
  const announced = async (connecting: Promise<object>): Promise<object> => {
    const connection = await connecting;
    if (known.has(connection)) return connection;

    known.add(connection);
    await announce(database, connection).catch((error) => {
      known.delete(connection);
      throw error;
    });
    return connection;
  };
  const undo = replaceMethod(
    manager,
    'getConnection',
    (original: ConnectionManager['getConnection']) =>
      function (this: ConnectionManager, options: SqliteOptions = {}) {
        const connecting = original.call(this, options);
        // Each query comes by here, and its options have been completed by now.
        const open = this.connections?.[options.inMemory || (options.uuid ?? '')];
        return open && known.has(open) ? connecting : announced(connecting);
      },
  );
  return { undo };
}

/** No block is around: it may be the first query of the current one that needs the connection. */
async function announce(database: Database, connection: object): Promise<void> {
  const using = database.alias;
  if (!connectionCreated.hasListeners(using)) return;
  await database.blocks.outside(() => connectionCreated.send(using, { connection, using }));
}
