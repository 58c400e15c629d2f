import {
  beginSavepoint,
  type Database,
  type OpenTransaction,
  releaseSavepoint,
  rollbackToSavepoint,
} from '../transactions/index.js';
import { checkDeferredConstraints } from './deferred-constraints.js';
import type { Borrower, Place } from './place.js';

/** A savepoint at a borrowed place. Its end gives the place back. */
export class Savepoint {
  readonly #database: Database;
  readonly #trunk: Place['trunk'];
  readonly #name: string;
  readonly #giveBack: () => void;

  /** The connection that it is on. */
  get connection(): OpenTransaction['connection'] {
    return this.#trunk.transaction.connection;
  }

  private constructor(database: Database, { trunk }: Place, giveBack: () => void) {
    this.#database = database;
    this.#trunk = trunk;
    this.#name = trunk.nextSavepoint();
    this.#giveBack = giveBack;
  }

  /** Waits for the place, and sets a savepoint there. */
  static async set(database: Database, place: Place, borrower: Borrower): Promise<Savepoint> {
    const giveBack = await place.lend(borrower);
    try {
      await place.begin();
      const savepoint = new Savepoint(database, place, giveBack);
      await beginSavepoint(database.sequelize, place.trunk.transaction, savepoint.#name);
      return savepoint;
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  /** Keeps what came after the savepoint. When it rejects, that is undone. */
  async release(): Promise<void> {
    const { sequelize } = this.#database;
    const { transaction } = this.#trunk;
    try {
      await releaseSavepoint(sequelize, transaction, this.#name);
    } catch (error) {
      await this.rollBack().catch(() => {});
      throw error;
    }
    this.#giveBack();
  }

  /** Undoes what came after the savepoint. */
  async rollBack(): Promise<void> {
    const { sequelize } = this.#database;
    const { transaction } = this.#trunk;
    try {
      await rollbackToSavepoint(sequelize, transaction, this.#name);
      await releaseSavepoint(sequelize, transaction, this.#name);
    } finally {
      this.#giveBack();
    }
  }

  /** Leaves it to what surrounds the savepoint to undo what came after it. */
  abandon(): void {
    this.#giveBack();
  }

  /** Checks what a COMMIT would check. */
  async checkConstraints(): Promise<void> {
    await checkDeferredConstraints(this.#database.sequelize, this.#trunk);
  }
}
