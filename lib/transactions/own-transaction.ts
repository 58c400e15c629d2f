import type { Backing, Block } from './block.js';
import { selfWaitError } from './failure.js';
import { acquire, begin, commit, type DriverConnection, rollback } from './statements.js';
import { Turns } from './turns.js';

/** Sequelize's SQLite in memory has one connection for everything, so its transactions take turns. */
const turnsOf = new WeakMap<DriverConnection, Turns>();

/** What is made real: an outermost block, or the transaction that a test runs in. */
export type Backed = Pick<Block, 'host' | 'transaction' | 'label'>;

/** Backs an outermost block with a transaction on a connection of its own, from BEGIN to COMMIT or ROLLBACK. */
export class OwnTransaction implements Backing {
  readonly holdsCallbacks = false;
  readonly #block: Backed;
  #endTurn: (() => void) | undefined;

  constructor(block: Backed) {
    this.#block = block;
  }

  async begin(): Promise<void> {
    const { host, transaction } = this.#block;
    try {
      const connection = await acquire(host.sequelize, transaction);
      await this.#takeTurn(connection);
      await begin(transaction, connection);
    } catch (error) {
      this.#endTurn?.();
      throw error;
    }
  }

  async commit(): Promise<boolean> {
    const { host, transaction } = this.#block;
    try {
      return await commit(host.sequelize, transaction);
    } finally {
      this.#endTurn?.();
    }
  }

  async rollback(): Promise<void> {
    const { host, transaction } = this.#block;
    try {
      await rollback(host.sequelize, transaction);
    } finally {
      this.#endTurn?.();
    }
  }

  async #takeTurn(connection: DriverConnection): Promise<void> {
    const turns = turnsOf.get(connection) ?? new Turns();
    turnsOf.set(connection, turns);
    const holder = turns.free ? undefined : this.#block.host.holderOf(connection);
    if (holder) throw selfWaitError(this.#block, holder.trunk);
    this.#endTurn = await turns.take(this.#block);
  }
}
