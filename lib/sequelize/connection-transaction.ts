import type { Sequelize } from 'sequelize';
import { obtain } from '../base/index.js';
import {
  type Block,
  type Blocks,
  type Handle,
  Lock,
  type RealTransaction,
  type Savepoint,
  selfWaitError,
} from '../blocks/index.js';
import { dialectOf } from './dialects.js';
import {
  type DriverConnection,
  hasConnectHooks,
  internalsOf,
  type OpenTransaction,
} from './internals.js';
import { acquire, begin, beginsWithSavepoint, commit, rollback } from './statements.js';
import { transactionOf } from './transaction-class.js';

/** Where there is no pool, one connection may serve everything, and its transactions take turns. */
const locks = new WeakMap<DriverConnection, Lock>();

/** What is made real: an outermost block, or the transaction that a test runs in. */
export interface Realizable {
  readonly blocks: Blocks;
  readonly handle: Handle;
  readonly label: string;
}

/** A transaction on a connection of its own, from BEGIN to COMMIT or ROLLBACK. */
export class ConnectionTransaction implements RealTransaction {
  readonly holdsCallbacks = false;
  readonly hasOwnSavepoints = true;
  readonly #realized: Realizable;
  #letGo: (() => void) | undefined;

  constructor(realized: Realizable) {
    this.#realized = realized;
  }

  get #transaction(): OpenTransaction {
    return transactionOf(this.#realized);
  }

  /** Not where it may take the only connection there is, or lock the others out. */
  get beginsAhead(): boolean {
    return !dialectOf(this.#transaction.sequelize).hasOneWriter;
  }

  async begin(first?: Savepoint): Promise<void> {
    const transaction = this.#transaction;
    try {
      const connection = await this.#acquire(transaction);
      if (!dialectOf(transaction.sequelize).hasPool) this.#letGo = await this.#takeTurn(connection);
      await this.#begin(transaction, connection, first);
    } catch (error) {
      this.#letGo?.();
      throw error;
    }
  }

  async #begin(
    transaction: OpenTransaction,
    connection: DriverConnection,
    first: Savepoint | undefined,
  ): Promise<void> {
    const { driver } = this.#realized.blocks;
    const joins =
      first && beginsWithSavepoint(transaction) && driver.joins(transaction, first.owner.handle);
    if (!joins) return begin(transaction, connection);
    await first.setBy(() => begin(transaction, connection, first.name));
  }

  /** A hook that queries when a connection is made would wait for the transaction that waits for it. */
  #acquire(transaction: OpenTransaction): Promise<DriverConnection> {
    if (!hasConnectHooks(transaction.sequelize)) return acquire(transaction);
    return this.#realized.blocks.outside(() => acquire(transaction));
  }

  async commit(): Promise<boolean> {
    try {
      return await commit(this.#transaction);
    } finally {
      this.#letGo?.();
    }
  }

  async rollback(): Promise<void> {
    try {
      await rollback(this.#transaction);
    } finally {
      this.#letGo?.();
    }
  }

  #takeTurn(connection: DriverConnection): Promise<() => void> | (() => void) {
    const lock = obtain(locks, connection, () => new Lock());
    if (lock.isFree) return lock.acquireFree(this.#realized);

    const holder = holderOf(this.#realized.blocks, connection);
    if (holder) throw selfWaitError(this.#realized, holder.root);
    return lock.acquire(this.#realized);
  }
}

/** The innermost open block around the current flow that uses `connection`, also where `outside` hides it. */
function holderOf(blocks: Blocks, connection: DriverConnection): Block | undefined {
  return blocks.findAround(({ root }) => transactionOf(root).connection === connection);
}

/** As `holderOf`, for the connection that a handle is on, if it is on one. */
export function holderOfConnectionOf(blocks: Blocks, handle: Handle): Block | undefined {
  const { connection } = handle as OpenTransaction;
  return connection && holderOf(blocks, connection);
}

/** As `holderOf`, for the one connection to a database in memory, which nobody can be beside of. */
export function holderOfMemory(blocks: Blocks, sequelize: Sequelize): Block | undefined {
  const shared = internalsOf(sequelize).connectionManager.connections?.[1];
  return shared && holderOf(blocks, shared);
}
