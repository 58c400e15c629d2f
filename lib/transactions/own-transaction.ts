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

  get beginsAhead(): boolean {
    return !this.#mayHoldUpOthers;
  }

  /** On SQLite it may take the only connection there is, or lock the others out. */
  get #mayHoldUpOthers(): boolean {
    return this.#block.host.sequelize.getDialect() === 'sqlite';
  }

  async begin(): Promise<void> {
    const { host, transaction } = this.#block;
    try {
      const connection = await acquire(host.sequelize, transaction);
      if (this.#mayHoldUpOthers) this.#endTurn = await this.#takeTurn(connection);
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

  #takeTurn(connection: DriverConnection): Promise<() => void> | (() => void) {
    const turns = turnsOn(connection);
    if (turns.free) return turns.takeFree(this.#block);

    const holder = this.#block.host.holderOf(connection);
    if (holder) throw selfWaitError(this.#block, holder.trunk);
    return turns.take(this.#block);
  }
}

function turnsOn(connection: DriverConnection): Turns {
  const known = turnsOf.get(connection);
  if (known) return known;

  const made = new Turns();
  turnsOf.set(connection, made);
  return made;
}
