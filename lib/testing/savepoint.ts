import {
  type Block,
  beginSavepoint,
  type Database,
  type OpenTransaction,
  overlapError,
  releaseSavepoint,
  rollbackToSavepoint,
  type SavepointOwner,
} from '../transactions/index.js';
import { checkDeferredConstraints } from './deferred-constraints.js';
import type { Borrower, Place } from './place.js';

/** A savepoint at a borrowed place. Its end gives the place back. */
export class Savepoint implements SavepointOwner {
  readonly parent: undefined;
  readonly label: string;
  readonly #database: Database;
  readonly #trunk: Place['trunk'];
  readonly #name: string;
  readonly #giveBack: () => void;
  #overlap: Block | undefined;

  private constructor(
    database: Database,
    { trunk }: Place,
    { label }: Borrower,
    giveBack: () => void,
  ) {
    this.label = label;
    this.#database = database;
    this.#trunk = trunk;
    this.#name = trunk.nextSavepoint();
    this.#giveBack = giveBack;
  }

  /** Waits for the place, and sets a savepoint there. */
  static async set(database: Database, place: Place, borrower: Borrower): Promise<Savepoint> {
    const giveBack = await place.lend(borrower);
    const savepoint = new Savepoint(database, place, borrower, giveBack);
    try {
      await place.begin();
      await savepoint.#send(() => {
        place.trunk.savepoints.push(savepoint);
        return beginSavepoint(database.sequelize, place.trunk.transaction, savepoint.#name);
      });
    } catch (error) {
      savepoint.abandon();
      throw error;
    }
    return savepoint;
  }

  /** The connection that it is on. */
  get connection(): OpenTransaction['connection'] {
    return this.#trunk.transaction.connection;
  }

  overlappedBy(writer: Block): void {
    this.#overlap ??= writer;
  }

  /** Keeps what came after the savepoint. When it rejects, that is undone. */
  async release(): Promise<void> {
    try {
      // The server would forget the younger ones with it.
      await this.#send(async () => {
        if (this.#trunk.savepoints.at(-1) === this) await this.#forget();
      });
    } catch (error) {
      await this.rollBack().catch(() => {});
      throw error;
    }
    this.abandon();
  }

  /** Undoes what came after the savepoint. */
  async rollBack(): Promise<void> {
    try {
      await this.#send(async () => {
        await rollbackToSavepoint(this.#database.sequelize, this.#trunk.transaction, this.#name);
        await this.#forget();
      });
    } finally {
      if (this.#overlap) this.#overlap.breakBy(overlapError(this.#overlap, this));
      this.abandon();
    }
  }

  /** Leaves it to what surrounds the savepoint to undo what came after it. */
  abandon(): void {
    const { savepoints } = this.#trunk;
    const index = savepoints.lastIndexOf(this);
    if (index >= 0) savepoints.splice(index, 1);
    this.#giveBack();
  }

  /** Checks what a COMMIT would check. */
  async checkConstraints(): Promise<void> {
    await this.#send(() => checkDeferredConstraints(this.#database.sequelize, this.#trunk));
  }

  /** Sends statements behind the queries of the transaction that are on their way. */
  #send(statements: () => Promise<unknown>): Promise<unknown> {
    return this.#trunk.line.send(statements);
  }

  async #forget(): Promise<void> {
    await releaseSavepoint(this.#database.sequelize, this.#trunk.transaction, this.#name);
  }
}
