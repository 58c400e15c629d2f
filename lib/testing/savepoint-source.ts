import type {
  Block,
  RealTransaction,
  SendQuery,
  TransactionSource,
  Writes,
} from '../blocks/for-testing.js';
import { type Database, dialectOf, holderOfConnectionOf, isAborted } from '../sequelize/index.js';
import { BorrowedSavepoint } from './borrowed-savepoint.js';
import type { SavepointHost } from './savepoint-host.js';

const STRAY_QUERY = { label: 'a query outside of any block' };

/**
 * Lets all work of a database stand on one connection: outermost blocks are savepoints on a host,
 * and take turns with one another and with the queries outside of any block.
 */
export class SavepointSource implements TransactionSource {
  readonly holdsCallbacks: boolean;
  readonly #database: Database;
  readonly #host: SavepointHost;
  readonly #realized = new WeakMap<Block, SavepointTransaction>();

  constructor(database: Database, host: SavepointHost, holdsCallbacks: boolean) {
    this.#database = database;
    this.#host = host;
    this.holdsCallbacks = holdsCallbacks;
  }

  realize(block: Block): RealTransaction {
    const transaction = new SavepointTransaction(this.holdsCallbacks, () =>
      BorrowedSavepoint.set(this.#hostAround(block) ?? this.#host, block, (handle) =>
        block.blocks.driver.shareConnection(block.handle, handle),
      ),
    );
    this.#realized.set(block, transaction);
    return transaction;
  }

  async query<Result>(writes: Writes, send: SendQuery<Result>): Promise<Result> {
    // What a hook sends cannot wait for the statement whose hook it is.
    if (this.#host.root.stack.queue.isInHook) return send(this.#host.queryHandle());

    const host = this.#blockAround() ?? (writes() ? undefined : this.#endingByHand()) ?? this.#host;
    if (!dialectOf(this.#database.sequelize).forgivesFailures) {
      return this.#queryInSavepoint(host, send);
    }
    const giveBack = await host.lend(STRAY_QUERY);
    try {
      await host.begin();
      return await host.root.stack.queue.send(() => send(host.queryHandle()));
    } finally {
      giveBack();
    }
  }

  /** Ends the blocks that are still open, without a statement. Returns their names. */
  async endOpenBlocks(): Promise<string[]> {
    const open = [...this.#open()];
    await Promise.all(
      open.map(async ([block, transaction]) => {
        await block.leaveToParent();
        transaction.leaveToHost();
      }),
    );
    return open.map(([block]) => block.label);
  }

  async #queryInSavepoint<Result>(host: SavepointHost, send: SendQuery<Result>): Promise<Result> {
    const savepoint = await BorrowedSavepoint.set(host, STRAY_QUERY);
    let result: Result;
    try {
      result = await host.root.stack.queue.send(() => send(host.queryHandle()));
    } catch (error) {
      await savepoint.rollBack();
      throw error;
    }
    await savepoint.release();
    return result;
  }

  /** The open block that `transaction.outside()` hides: to wait for its end would be for ever. */
  #blockAround(): Block | undefined {
    return holderOfConnectionOf(this.#database.blocks, this.#host.root.stack.handle);
  }

  /** The block on which `block` begins, if it begins inside of another one. */
  #hostAround(block: Block): Block | undefined {
    const around = this.#blockAround();
    if (around || !block.endsByHand) return around;
    // A transaction that is ended by hand may outlive the block that it was begun in. That block has
    // to begin first, and be its host: otherwise it would queue behind its own child.
    return this.#database.blocks.findAround(({ root }) => this.#realized.has(root));
  }

  /** A transaction that waits for a call of commit(), which may well come after this query. */
  #endingByHand(): Block | undefined {
    for (const [block, transaction] of this.#open()) {
      if (block.endsByHand && transaction.begun) return block;
    }
    return undefined;
  }

  /** Its blocks that have not ended. It keeps none that have: a test may have any number of them. */
  *#open(): Iterable<[Block, SavepointTransaction]> {
    for (const block of this.#database.blocks.open) {
      const transaction = this.#realized.get(block);
      if (transaction && block.open) yield [block, transaction];
    }
  }
}

/** A savepoint in the place of the transaction of an outermost block. */
class SavepointTransaction implements RealTransaction {
  readonly holdsCallbacks: boolean;
  readonly beginsAhead = false; // it would keep others waiting
  readonly hasOwnSavepoints = false;
  readonly #set: () => Promise<BorrowedSavepoint>;
  #savepoint: BorrowedSavepoint | undefined;
  #isLeft = false;

  constructor(holdsCallbacks: boolean, set: () => Promise<BorrowedSavepoint>) {
    this.holdsCallbacks = holdsCallbacks;
    this.#set = set;
  }

  get begun(): boolean {
    return this.#savepoint !== undefined;
  }

  async begin(): Promise<void> {
    const savepoint = await this.#set();
    this.#savepoint = savepoint;
    if (this.#isLeft) savepoint.leave();
  }

  async commit(): Promise<boolean> {
    try {
      await this.#savepoint?.checkConstraints();
    } catch (error) {
      await this.rollback();
      if (isAborted(error)) return false;
      throw error;
    }
    await this.#savepoint?.release();
    return true;
  }

  async rollback(): Promise<void> {
    await this.#savepoint?.rollBack();
  }

  /** Leaves the savepoint, or the one that is being set, to what surrounds it. */
  leaveToHost(): void {
    this.#isLeft = true;
    this.#savepoint?.leave();
  }
}
