import { Block, type BlockOptions, type Trunk } from './block.js';
import { overlapError, swallowedError } from './failure.js';
import { isAborted } from './server-errors.js';
import {
  beginSavepoint,
  type OpenTransaction,
  releaseSavepoint,
  rollbackToSavepoint,
} from './statements.js';

/** A level inside a transaction that can be undone by itself. */
export class SavepointBlock extends Block {
  readonly parent: Block;
  readonly trunk: Trunk;
  readonly transaction: OpenTransaction;

  readonly #name: string;
  readonly #mark: number;
  #beginning: Promise<void> | undefined;
  #begun = false;
  #overlap: Block | undefined;

  constructor(parent: Block, transactionOptions: object, options: BlockOptions) {
    super(parent.host, options);
    this.parent = parent;
    const { trunk, host } = parent;
    this.trunk = trunk;
    this.#name = trunk.nextSavepoint();
    this.#mark = trunk.callbacks.mark;
    this.transaction = new host.Transaction(
      host.sequelize,
      { transaction: parent.transaction, ...transactionOptions },
      this,
    );
    // Sequelize counts the savepoints of a parent to name the next one, and keeps them all.
    parent.transaction.savepoints.pop();
    this.transaction.name = this.#name;
    parent.adopt(this);
  }

  start(): Promise<void> | undefined {
    if (this.#begun) return undefined;
    this.#beginning ??= this.#begin();
    return this.#beginning;
  }

  /** Whether the server knows of the savepoint, or is just being told. */
  get #isReal(): boolean {
    return this.#begun || this.#beginning !== undefined;
  }

  async #begin(): Promise<void> {
    await this.parent.start();
    const { transaction, line, savepoints } = this.trunk;
    this.transaction.connection = transaction.connection;
    await line.send(() => {
      savepoints.push(this);
      return beginSavepoint(this.host.sequelize, transaction, this.#name);
    });
    this.#begun = true;
    this.#beginning = undefined;
  }

  protected async keep(): Promise<void> {
    const failure = this.failedInside();
    if (failure) {
      if (failure.requested) return await this.undo(undefined);
      // What cannot be undone breaks the block around this one.
      await this.undo(failure.error).catch(() => {});
      throw swallowedError(this, failure.error);
    }
    this.transaction.finished = 'commit';
    // In a transaction that failed around this block there is nothing left to release (D-212).
    if (!this.#isReal || this.trunk.failure) return;
    // The server would forget the younger ones with it. Transactions of Sequelize end in any order.
    if (this.trunk.savepoints.at(-1) !== this) return;
    await this.#release();
  }

  async #release(): Promise<void> {
    try {
      await this.trunk.line.send(() => this.#sendRelease());
    } catch (error) {
      // What could not be undone has broken the transaction; the first error is the one to tell (D-220).
      await this.undo(error).catch(() => {});
      throw isAborted(error) ? swallowedError(this, this.trunk.lastError) : error;
    }
  }

  #sendRelease(): Promise<unknown> {
    return releaseSavepoint(this.host.sequelize, this.trunk.transaction, this.#name);
  }

  /** Undoes the work on the server; resolves to a block whose write was undone with it. */
  async #sendRollback(): Promise<Block | undefined> {
    await rollbackToSavepoint(this.host.sequelize, this.trunk.transaction, this.#name);
    await this.#sendRelease();
    return this.#overlap;
  }

  protected async undo(cause: unknown): Promise<void> {
    this.transaction.finished = 'rollback';
    this.trunk.callbacks.dropSince(this.#mark, this);
    if (this.#isReal) return await this.#rollBack(cause);
    const failure = this.failedInside();
    if (failure && !failure.final) this.trunk.failure = undefined;
  }

  async #rollBack(cause: unknown): Promise<void> {
    let overlap: Block | undefined;
    try {
      await this.#beginning;
      overlap = await this.trunk.line.send(() => this.#sendRollback());
    } catch (error) {
      // The server no longer knows the savepoint: a deadlock undid the transaction, or the connection is lost (D-221).
      if (this.trunk.failure?.final) throw error;
      this.trunk.failure = {
        block: this.parent,
        error: cause ?? error,
        requested: false,
        final: false,
      };
      throw error;
    }
    if (this.failedInside()) this.trunk.failure = undefined;
    overlap?.breakBy(overlapError(overlap, this));
  }

  override overlappedBy(writer: Block): void {
    this.#overlap ??= writer;
  }
}
