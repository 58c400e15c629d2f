import { TransactionManagementError } from '../base/index.js';
import { type Handle, Lock, type LockHolder, SavepointStack } from '../blocks/for-testing.js';
import { ConnectionTransaction, type Database, newTransaction } from '../sequelize/index.js';
import { BorrowedSavepoint } from './borrowed-savepoint.js';
import type { SavepointHost } from './savepoint-host.js';
import { SavepointSource } from './savepoint-source.js';

/** A test that waits this long for another block waits in vain: runners give up after a few seconds. */
const PATIENCE = 1000;

/** The one real transaction below all test transactions of a database. It is never committed. */
class TestRoot implements SavepointHost {
  readonly root: this = this;
  readonly label = 'the transaction of the test';
  readonly handle: Handle;
  readonly stack: SavepointStack;
  readonly blocks: Database['blocks'];
  readonly #real: ConnectionTransaction;
  #queryHandle: Handle | undefined;
  #begun = false;

  constructor({ blocks, sequelize }: Database) {
    this.blocks = blocks;
    this.handle = newTransaction(sequelize);
    this.stack = new SavepointStack(blocks.driver, this.handle, { namedAfter: 'test' });
    this.#real = new ConnectionTransaction(this);
  }

  async begin(): Promise<void> {
    if (this.#begun) return;
    await this.#real.begin();
    this.#begun = true;
  }

  async rollback(): Promise<void> {
    if (this.#begun) await this.#real.rollback();
  }

  queryHandle(): Handle {
    this.#queryHandle ??= this.blocks.driver.queryHandleOf(this.handle);
    return this.#queryHandle;
  }

  /** Only the lowest level stands here, and so nobody has to wait. */
  async lend(): Promise<() => void> {
    return () => {};
  }
}

/** The names of blocks that tests left open, since somebody last asked. */
const leftOpen: string[] = [];

/** Takes the names of the blocks that were open when the transaction of their test ended. */
export function takeLeftOpen(): string[] {
  return leftOpen.splice(0);
}

/** The innermost open level of each database. */
const innermost = new WeakMap<Database, TestLevel>();

/** One transaction of a test: a savepoint, on which everything stands until it is rolled back. */
export class TestLevel implements SavepointHost {
  readonly label = 'the transaction of the test';
  readonly root: TestRoot;
  readonly #database: Database;
  readonly #outer: TestLevel | undefined;
  readonly #source: SavepointSource;
  readonly #lock = new Lock(PATIENCE);
  #restoreSource: () => void = () => {};
  #savepoint: BorrowedSavepoint | undefined;
  #ended = false;

  private constructor(database: Database, holdsCallbacks: boolean) {
    this.#database = database;
    this.#outer = innermost.get(database);
    this.root = this.#outer?.root ?? new TestRoot(database);
    this.#source = new SavepointSource(database, this, holdsCallbacks);
  }

  /** Begins a level, and puts all work of the database on it from now on. */
  static async open(database: Database, holdsCallbacks: boolean): Promise<TestLevel> {
    const level = new TestLevel(database, holdsCallbacks);
    try {
      level.#savepoint = await BorrowedSavepoint.set(level.#outer ?? level.root, level);
    } catch (error) {
      // Its connection is to be given back. The first error is the one to tell.
      if (!level.#outer) await level.root.rollback().catch(() => {});
      throw error;
    }
    innermost.set(database, level);
    level.#restoreSource = database.blocks.seam.replaceSource(level.#source);
    return level;
  }

  /** Undoes all that happened since the level began, in the levels inside it as well. */
  async rollback(): Promise<void> {
    while (!this.#ended && innermost.get(this.#database) !== this) {
      await innermost.get(this.#database)?.rollback();
    }
    if (this.#ended) return;

    this.#ended = true;
    leftOpen.push(...(await this.#source.endOpenBlocks()));
    // Queries under way end first. What waits for a turn is refused, before and after.
    const letGo = await this.#lock.acquire(this);
    try {
      await this.#savepoint?.rollBack();
    } catch (error) {
      throw committedError(error);
    } finally {
      await this.#leave().finally(letGo);
    }
  }

  async #leave(): Promise<void> {
    this.#restoreSource();
    if (this.#outer) innermost.set(this.#database, this.#outer);
    else {
      innermost.delete(this.#database);
      await this.root.rollback();
    }
  }

  async begin(): Promise<void> {}

  queryHandle(): Handle {
    return this.root.queryHandle();
  }

  async lend(borrower: LockHolder): Promise<() => void> {
    const giveBack = await this.#lock.acquire(borrower);
    if (!this.#ended) return giveBack;

    giveBack();
    throw new TransactionManagementError(
      'SIGNALS_TRANSACTION_ENDED',
      `The test whose transaction ${borrower.label} needs has ended. Await the work in the test that started it.`,
    );
  }
}

function committedError(cause: unknown): TransactionManagementError {
  return new TransactionManagementError(
    'SIGNALS_TRANSACTION_ENDED',
    'Something in the test committed its transaction, or ended it otherwise: what was written before stays in the database. ' +
      'MySQL and MariaDB commit at each CREATE, ALTER and DROP: do that before the transaction of the test begins.',
    { cause },
  );
}
