import { TransactionManagementError } from '../base/index.js';
import {
  carrierOf,
  type Database,
  Line,
  newTransaction,
  type OpenTransaction,
  OwnTransaction,
  type SavepointOwner,
  Turns,
} from '../transactions/index.js';
import type { Borrower, Place } from './place.js';
import { Savepoint } from './savepoint.js';
import { SavepointGround } from './savepoint-ground.js';

/** A test that waits this long for another block waits in vain: runners give up after a few seconds. */
const PATIENCE = 1000;

/** The one real transaction below all test transactions of a database. It is never committed. */
class TestTrunk implements Place {
  readonly trunk: this = this;
  readonly label = 'the transaction of the test';
  readonly transaction: OpenTransaction;
  readonly savepoints: SavepointOwner[] = [];
  readonly line: Line;
  readonly host: Database;
  readonly #own: OwnTransaction;
  #carrier: OpenTransaction | undefined;
  #savepoints = 0;

  constructor(database: Database) {
    this.host = database;
    this.line = new Line(database.sequelize);
    this.transaction = newTransaction(database.sequelize);
    this.#own = new OwnTransaction(this);
  }

  async begin(): Promise<void> {
    if (this.transaction.connection === undefined) await this.#own.begin();
  }

  async rollback(): Promise<void> {
    await this.#own.rollback();
  }

  nextSavepoint(): string {
    this.#savepoints += 1;
    return `${this.transaction.id}-test-${this.#savepoints}`;
  }

  carrier(): OpenTransaction {
    this.#carrier ??= carrierOf(this.transaction);
    return this.#carrier;
  }

  /** Only the lowest level stands here. */
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
export class TestLevel implements Place {
  readonly label = 'the transaction of the test';
  readonly trunk: TestTrunk;
  readonly #database: Database;
  readonly #outer: TestLevel | undefined;
  readonly #ground: SavepointGround;
  readonly #turns = new Turns(PATIENCE);
  #restoreGround: () => void = () => {};
  #savepoint: Savepoint | undefined;
  #ended = false;

  private constructor(database: Database, holdsCallbacks: boolean) {
    this.#database = database;
    this.#outer = innermost.get(database);
    this.trunk = this.#outer?.trunk ?? new TestTrunk(database);
    this.#ground = new SavepointGround(database, this, holdsCallbacks);
  }

  /** Begins a level, and puts all work of the database on it from now on. */
  static async open(database: Database, holdsCallbacks: boolean): Promise<TestLevel> {
    const level = new TestLevel(database, holdsCallbacks);
    level.#savepoint = await Savepoint.set(database, level.#outer ?? level.trunk, level);
    innermost.set(database, level);
    const { commonGround } = database;
    database.commonGround = level.#ground;
    level.#restoreGround = () => {
      database.commonGround = commonGround;
    };
    return level;
  }

  /** Undoes all that happened since the level began, in the levels inside it as well. */
  async rollback(): Promise<void> {
    while (!this.#ended && innermost.get(this.#database) !== this) {
      await innermost.get(this.#database)?.rollback();
    }
    if (this.#ended) return;

    this.#ended = true;
    leftOpen.push(...(await this.#ground.cutOff()));
    // Queries under way end first. What waits for a turn is refused, before and after.
    const endTurn = await this.#turns.take(this);
    try {
      await this.#savepoint?.rollBack();
    } catch (error) {
      throw committedError(error);
    } finally {
      await this.#leave().finally(endTurn);
    }
  }

  async #leave(): Promise<void> {
    this.#restoreGround();
    if (this.#outer) innermost.set(this.#database, this.#outer);
    else {
      innermost.delete(this.#database);
      await this.trunk.rollback();
    }
  }

  async begin(): Promise<void> {}

  carrier(): OpenTransaction {
    return this.trunk.carrier();
  }

  async lend(borrower: Borrower): Promise<() => void> {
    const giveBack = await this.#turns.take(borrower);
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
