import { Block, type BlockOptions } from './block.js';
import type { Handle, Outcome } from './driver.js';
import type { RootBlock } from './root-block.js';
import { Savepoint } from './savepoint-stack.js';
import { overlapError, swallowedError } from './transaction-errors.js';

/** A level inside a transaction that can be undone by itself. */
export class SavepointBlock extends Block {
  readonly parent: Block;
  readonly root: RootBlock;
  readonly handle: Handle;

  readonly #savepoint: Savepoint;
  readonly #firstCallback: number;
  #beginning: Promise<void> | undefined;
  #begun = false;

  constructor(parent: Block, handleOptions: object, options: BlockOptions) {
    super(parent.blocks, options);
    this.parent = parent;
    this.root = parent.root;
    this.#savepoint = new Savepoint(this.root.stack, this);
    this.#firstCallback = this.root.callbacks.mark;
    this.handle = this.driver.makeSavepointHandle(
      this,
      handleOptions,
      parent.handle,
      this.#savepoint.name,
    );
    parent.adopt(this);
  }

  materialize(): Promise<void> | undefined {
    if (this.#begun) return undefined;
    this.#beginning ??= this.#begin();
    return this.#beginning;
  }

  /** Whether the server knows of the savepoint, or is just being told. */
  get #isReal(): boolean {
    return this.#begun || this.#beginning !== undefined;
  }

  async #begin(): Promise<void> {
    await this.parent.materialize();
    this.driver.shareConnection(this.handle, this.root.handle);
    await this.#savepoint.set();
    this.#begun = true;
    this.#beginning = undefined;
  }

  protected async keep(): Promise<void> {
    const { failures } = this.root;
    const failure = failures.within(this);
    if (failure) {
      if (failure.requested) return await this.undo(undefined);
      // What cannot be undone breaks the block around this one.
      await this.undo(failure.error).catch(() => {});
      throw swallowedError(this, failure.error);
    }
    this.settleAs('kept');
    // In a transaction that failed around this block there is nothing left to release (D-212).
    if (this.#isReal && !failures.current) await this.#release();
  }

  async #release(): Promise<void> {
    try {
      await this.#savepoint.release();
    } catch (error) {
      // What could not be undone has broken the transaction; the first error is the one to tell (D-220).
      await this.undo(error).catch(() => {});
      throw this.driver.isAborted(error)
        ? swallowedError(this, this.root.failures.lastError)
        : error;
    }
  }

  protected async undo(cause: unknown): Promise<void> {
    this.settleAs('undone');
    this.root.callbacks.dropSince(this.#firstCallback, this);
    if (this.#isReal) return await this.#rollBack(cause);

    const failure = this.root.failures.within(this);
    if (failure && !failure.final) this.root.failures.clear();
  }

  async #rollBack(cause: unknown): Promise<void> {
    const { failures } = this.root;
    let overlap: Block | undefined;
    try {
      await this.#beginning;
      overlap = await this.#savepoint.rollBack();
    } catch (error) {
      // The server no longer knows the savepoint: a deadlock undid the transaction, or the connection is lost (D-221).
      if (!failures.current?.final) failures.moveTo(this.parent, cause ?? error);
      throw error;
    }
    if (failures.within(this)) failures.clear();
    overlap?.breakBy(overlapError(overlap, this));
  }

  protected override settleAs(outcome: Outcome): void {
    super.settleAs(outcome);
    this.driver.noteOutcome(this.handle, outcome);
  }

  /** Whoever waits for the end of the transaction hears it from its outermost block. */
  protected announce(): undefined {}

  protected leave(): void {
    this.#savepoint.leave();
  }
}
