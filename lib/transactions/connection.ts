import type { Sequelize } from 'sequelize';
import { InvalidArgumentError, NotInstalledError } from '../base/index.js';
import type { Database } from '../sequelize/index.js';
import { type Atomic, makeAtomic } from './atomic.js';
import type { AtomicOptions } from './atomic-options.js';
import { type Defer, makeDefer } from './defer.js';
import { makeOnCommit, type OnCommit, type OnCommitOptions } from './on-commit.js';
import { databases, findDatabase, type Using } from './registry.js';

/**
 * An installed Sequelize instance, as `install` returns it. Its functions are those of the module,
 * for this database, whatever `using` would say; they may be passed around without the connection.
 */
export class Connection {
  /** The name by which `using` finds it. */
  readonly alias: string;
  /** The instance itself. */
  readonly sequelize: Sequelize;
  /** {@inheritDoc Atomic} */
  readonly atomic: Atomic;
  /** {@inheritDoc OnCommit} */
  readonly onCommit: OnCommit;
  /** {@inheritDoc Defer} */
  readonly defer: Defer;
  readonly #uninstall: () => void;
  readonly #database: Database;

  constructor(database: Database, uninstall: () => void) {
    const own = (): Database => {
      if (findDatabase(database.sequelize) === database) return database;
      throw new NotInstalledError(
        `The connection "${database.alias}" was uninstalled. Call install(sequelize) for a new one.`,
      );
    };
    const ownOnly = ({ using }: AtomicOptions | OnCommitOptions): Database => {
      if (using === undefined || findDatabase(using) === database) return own();
      throw new InvalidArgumentError(
        `The connection "${database.alias}" was asked to work on another database. Leave "using" out.`,
      );
    };
    this.alias = database.alias;
    this.sequelize = database.sequelize;
    this.atomic = makeAtomic(ownOnly);
    this.onCommit = makeOnCommit(ownOnly);
    this.defer = makeDefer(own, this.atomic);
    this.#uninstall = uninstall;
    this.#database = database;
    connectionOf.set(database, this);
  }

  /** Whether the caller is inside an open block of this database. */
  inAtomicBlock(): boolean {
    return this.#database.blocks.current()?.open ?? false;
  }

  /**
   * Gives the Sequelize instance its own behaviour back. Once that is done it does nothing. A callback
   * may call it: its transaction has ended.
   *
   * @throws {@link SignalsError} when a transaction is still open, or waits to be run again.
   */
  uninstall(): void {
    if (findDatabase(this.sequelize) === this.#database) this.#uninstall();
  }
}

/** The installed connections, in the order of their installation. */
export interface Connections extends Iterable<Connection> {
  /** The connection of an alias or a Sequelize instance; undefined when it is not installed. */
  get(using?: Using): Connection | undefined;
}

const connectionOf = new WeakMap<Database, Connection>();

/** The installed connections. */
export const connections: Connections = {
  get(using = 'default') {
    const database = findDatabase(using);
    return database && connectionOf.get(database);
  },
  *[Symbol.iterator]() {
    for (const database of databases()) yield connectionOf.get(database) as Connection;
  },
};
