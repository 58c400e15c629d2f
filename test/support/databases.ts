import { type Options, Sequelize } from 'sequelize';
import { mariadb, mysql } from './servers/mariadb.js';
import { postgres } from './servers/postgres.js';
import { type EmptyDatabase, type Server, ServerUnavailable } from './servers/server.js';
import { sqliteFile, sqliteMemory } from './servers/sqlite.js';

const SERVERS: readonly Server[] = [sqliteMemory, sqliteFile, postgres, mysql, mariadb];

/**
 * Declares a suite once for each database of the run. `DATABASES=sqlite,postgres` leaves the
 * others out, by dialect or by name. Where a database is not available the suite is skipped, or
 * fails when `REQUIRE_DATABASES=1`.
 *
 * Each suite has a database to itself. When it is over, every instance that it connected is
 * closed, which fails when a connection was never given back.
 */
export function describeOnEachDatabase(
  title: string,
  body: (this: Mocha.Suite, database: TestDatabase) => void,
): void {
  for (const server of selected()) {
    const database = new TestDatabase(server);
    describe(server.name, () => {
      before(async function () {
        // The first suite starts the server.
        this.timeout(60_000);
        if (!(await database.open())) this.skip();
      });
      after(() => database.close());
      // A suite of its own: its hooks do not run either when the database is not available.
      describe(title, function () {
        body.call(this, database);
      });
    });
  }
}

/** The database of one suite. */
export class TestDatabase {
  readonly #server: Server;
  readonly #connected = new Set<Sequelize>();
  #empty: EmptyDatabase | undefined;

  constructor(server: Server) {
    this.#server = server;
  }

  /** As in `DATABASES` and in the suite's title. */
  get name(): string {
    return this.#server.name;
  }

  get dialect(): Server['dialect'] {
    return this.#server.dialect;
  }

  /** Whether all transactions share one connection, as on `sqlite memory`. */
  get hasOneConnection(): boolean {
    return this.#server.hasOneConnection;
  }

  /** Whether a savepoint whose work is kept is left to the next one, or to the COMMIT. */
  get leavesReleasesOut(): boolean {
    return this.dialect === 'postgres';
  }

  /**
   * A new Sequelize on this suite's database, silent unless `options` say otherwise. Two of them
   * see the same tables, except on `sqlite memory`, where each has its own. For hooks and tests,
   * not for the body of `describe`: the database is made when the suite starts.
   */
  connect(options: Options = {}): Sequelize {
    if (this.#empty === undefined) throw new Error('connect() belongs in a hook or a test.');
    const sequelize = new Sequelize({ logging: false, ...this.#empty.options, ...options });
    this.#connected.add(sequelize);
    return sequelize;
  }

  /** Makes the database; false when this machine has no such server. */
  async open(): Promise<boolean> {
    try {
      this.#empty = await this.#server.createDatabase();
      outcomes.set(this.name, 'ran');
      return true;
    } catch (error) {
      if (!(error instanceof ServerUnavailable) || process.env.REQUIRE_DATABASES === '1') {
        throw error;
      }
      outcomes.set(this.name, `skipped: ${error.message}`);
      return false;
    }
  }

  async close(): Promise<void> {
    let leaked = 0;
    for (const sequelize of this.#connected) {
      leaked += await breakLeakedConnections(sequelize);
      await sequelize.close();
    }
    this.#connected.clear();
    await this.#empty?.drop();
    this.#empty = undefined;
    if (leaked > 0) throw new Error(`${leaked} connection(s) were never given back to the pool.`);
  }
}

const outcomes = new Map<string, string>();

/** One line for each database of the run, saying whether its tests ran. */
export function databaseReport(): string[] {
  return [...outcomes].map(([name, outcome]) => `${name}: ${outcome}`);
}

/** Ends the servers that this run started. */
export async function stopServers(): Promise<void> {
  for (const server of SERVERS) await server.stop();
}

function selected(): readonly Server[] {
  const wanted = process.env.DATABASES?.split(',').map((word) => word.trim());
  if (wanted === undefined) return SERVERS;
  const known = new Set(SERVERS.flatMap(({ name, dialect }) => [name, dialect]));
  const unknown = wanted.filter((word) => !known.has(word));
  if (unknown.length > 0) {
    throw new Error(`DATABASES names "${unknown}"; known are ${[...known].join(', ')}.`);
  }
  return SERVERS.filter(({ name, dialect }) => wanted.includes(name) || wanted.includes(dialect));
}

interface Pool {
  readonly _inUseObjects: readonly { readonly resource: object }[];
}

/**
 * Ends the connections that a transaction still holds and says how many there were: `close()`
 * would wait for them for ever.
 */
async function breakLeakedConnections(sequelize: Sequelize): Promise<number> {
  // Sequelize's types do not show where it keeps its connections.
  const manager = sequelize.connectionManager as unknown as {
    readonly pool: Pool | { readonly write: Pool; readonly read: Pool };
    /** SQLite's, by transaction: it does not use the pool. */
    readonly connections?: Record<string, object>;
    destroyConnection(connection: object): Promise<void>;
  };
  const pools = 'write' in manager.pool ? [manager.pool.write, manager.pool.read] : [manager.pool];
  const held = pools.flatMap((pool) => pool._inUseObjects);
  for (const { resource } of held) await manager.destroyConnection(resource);
  const shared = ['default', '1'];
  const ofTransactions = Object.keys(manager.connections ?? {}).filter(
    (key) => !shared.includes(key),
  );
  return held.length + ofTransactions.length;
}
