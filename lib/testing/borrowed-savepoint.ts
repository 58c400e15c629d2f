import {
  type Handle,
  type LockHolder,
  Savepoint,
  type SavepointOwner,
  type SavepointStack,
} from '../blocks/for-testing.js';
import { checkDeferredConstraints, transactionOf } from '../sequelize/index.js';
import type { SavepointHost } from './savepoint-host.js';

/** A savepoint on a borrowed stack. Its end gives the stack back. */
export class BorrowedSavepoint implements SavepointOwner {
  readonly parent: undefined;
  readonly label: string;
  readonly #stack: SavepointStack;
  readonly #savepoint: Savepoint;
  readonly #giveBack: () => void;

  private constructor(host: SavepointHost, { label }: LockHolder, giveBack: () => void) {
    this.label = label;
    this.#stack = host.root.stack;
    this.#savepoint = new Savepoint(this.#stack, this);
    this.#giveBack = giveBack;
  }

  /**
   * Waits for the stack of `host`, and sets a savepoint there.
   *
   * @param prepare - is called with what is on the same connection, before the savepoint is set.
   */
  static async set(
    host: SavepointHost,
    borrower: LockHolder,
    prepare?: (handle: Handle) => void,
  ): Promise<BorrowedSavepoint> {
    const borrowed = new BorrowedSavepoint(host, borrower, await host.lend(borrower));
    try {
      await host.begin();
      prepare?.(host.root.stack.handle);
      await borrowed.#savepoint.set();
    } catch (error) {
      borrowed.leave();
      throw error;
    }
    return borrowed;
  }

  /** Keeps what came after the savepoint. When it rejects, that is undone. */
  async release(): Promise<void> {
    try {
      await this.#savepoint.release();
    } catch (error) {
      await this.rollBack().catch(() => {}); // the first error is the one to tell
      throw error;
    }
    this.leave();
  }

  /** Undoes what came after the savepoint. */
  async rollBack(): Promise<void> {
    try {
      await this.#savepoint.rollBack({ means: () => false });
    } finally {
      this.leave();
    }
  }

  /** Gives the stack back: the savepoint has ended, or is left to what surrounds it. */
  leave(): void {
    this.#savepoint.leave();
    this.#giveBack();
  }

  /** Checks what a COMMIT would check. */
  async checkConstraints(): Promise<void> {
    const transaction = transactionOf(this.#stack);
    await this.#stack.queue.send(() =>
      checkDeferredConstraints(transaction, this.#stack.nextName()),
    );
  }
}
