import type { Sequelize } from 'sequelize';
import { dialectOf } from './dialects.js';
import { replaceMethod } from './replace-method.js';

/** Is told of a connection to the database before it is used. When it fails, so does the query. */
export type Announce = (connection: object) => Promise<void>;

/** The connections of Sequelize, as far as its types do not show them. */
interface ConnectionManager {
  getConnection(options?: SqliteOptions): Promise<object>;
  _connect(config: object): Promise<object>;
  disconnect?(connection: object): Promise<unknown>;
  /** SQLite's open connections. */
  readonly connections?: Readonly<Record<string, object>>;
}

/** What Sequelize's SQLite completes the options of a query with, to find its connection. */
interface SqliteOptions {
  readonly inMemory?: 0 | 1;
  readonly uuid?: string;
}

/** Announces each connection to the database that is made from now on. Returns the undo. */
export function watchConnections(sequelize: Sequelize, announce: Announce): () => void {
  const manager = sequelize.connectionManager as unknown as ConnectionManager;
  if (!dialectOf(sequelize).hasPool) return watchUnpooled(manager, announce);

  // A hook afterConnect would be among the options of the instance, and run for whoever copies them.
  return replaceMethod(
    manager,
    '_connect',
    (original: ConnectionManager['_connect']) =>
      async function (this: ConnectionManager, config: object) {
        const connection = await original.call(this, config);
        try {
          await announce(connection);
        } catch (error) {
          // Sequelize would forget the connection and leave it open.
          await this.disconnect?.(connection);
          throw error;
        }
        return connection;
      },
  );
}

/** Without a pool Sequelize runs no hooks for connections, and hands the same one out again. */
function watchUnpooled(manager: ConnectionManager, announce: Announce): () => void {
  const known = new WeakSet(Object.values(manager.connections ?? {}));
  const announced = async (connecting: Promise<object>): Promise<object> => {
    const connection = await connecting;
    if (known.has(connection)) return connection;

    known.add(connection);
    await announce(connection).catch((error) => {
      known.delete(connection);
      throw error;
    });
    return connection;
  };
  return replaceMethod(
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
}
