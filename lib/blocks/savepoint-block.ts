import { Block, type BlockOptions } from './block.js';
import type { CallbackOptions } from './callbacks.js';
import type { Handle, Outcome } from './driver.js';
import type { RootBlock } from './root-block.js';
import { Savepoint } from './savepoint-stack.js';
import { isWithin } from './scope.js';
import { brokenError, isImplicitCommit, swallowedError } from './transaction-errors.js';

/** A level inside a transaction that can be undone by itself. */
export class SavepointBlock extends Block {
  readonly parent: Block;
  readonly root: RootBlock;
  readonly handle: Handle;
  readonly opened: number;
  readonly savepoint: Savepoint;

  #beginning: Promise<void> | undefined;
  #begun = false;

  constructor(parent: Block, handleOptions: object, options: BlockOptions) {
    super(parent.blocks, options);
    this.parent = parent;
    this.root = parent.root;
    this.opened = this.root.stack.clock.tick();
    this.savepoint = new Savepoint(this.root.stack, this, parent.savepoint);
    this.root.undoLog.open(this.opened);
    this.handle = this.driver.makeSavepointHandle(
      this,
      handleOptions,
      parent.handle,
      this.savepoint.name,
    );
    parent.adopt(this);
  }

  materialize(): Promise<void> | undefined {
    this.#assertNotLost();
    if (this.#begun) return undefined;
    this.#beginning ??= this.#begin();
    return this.#beginning;
  }

  /** Whether the server knows of the savepoint, or is just being told. */
  get #isReal(): boolean {
    return this.#begun || this.#beginning !== undefined;
  }

  async #begin(): Promise<void> {
    await this.parent.materialize(this.savepoint);
    this.driver.shareConnection(this.handle, this.root.handle);
    if (!this.savepoint.isSet) await this.savepoint.set();
    this.#begun = true;
    this.#beginning = undefined;
  }

  protected async keep(): Promise<void> {
    const { failures } = this.root;
    const failure = failures.within(this);
    if (failure) {
      if (failure.requested) return await this.#undo(undefined);
      // What cannot be undone breaks the block around this one.
      await this.#undo(failure.error).catch(() => {});
      throw swallowedError(this, failure.error);
    }
    this.settleAs('kept');
    // In a transaction that failed around this block there is nothing left to release (D-212).
    if (this.#isReal && !failures.current) await this.#release();
  }

  async #release(): Promise<void> {
    try {
      await this.savepoint.release();
    } catch (error) {
      // What could not be undone has broken the transaction; the first error is the one to tell (D-220).
      await this.#undo(error).catch(() => {});
      throw this.driver.isAborted(error)
        ? swallowedError(this, this.root.failures.lastError)
        : error;
    }
  }

  protected undo(cause: unknown): Promise<void> {
    return this.#undo(cause, (level) => this.#isSetIn(level));
  }

  /** @param means - whether it is meant to undo what `level` did beside this block. */
  async #undo(cause: unknown, means: (level: Block) => boolean = () => false): Promise<void> {
    this.settleAs('undone');
    if (!this.#isReal) return this.#undone(means);
    try {
      await this.#beginning;
      await this.savepoint.rollBack({ means, undone: () => this.#undone(means) });
    } catch (error) {
      const tells = isImplicitCommit(error) && !isImplicitCommit(cause) ? error : (cause ?? error);
      this.#leaveUndoing(tells);
      throw error;
    }
  }

  /**
   * Whether it is a savepoint that is set by hand in this transaction of Sequelize: to write there, and
   * to call `rollback()`, is how such a savepoint is used. A `commit()` that undoes it means no such thing.
   */
  #isSetIn(level: Block): boolean {
    return this.endsByHand && level.kind === 'transaction' && isWithin(this, level);
  }

  #undone(means: (level: Block) => boolean): void {
    const { setAt } = this.savepoint;
    const isUndone = (block: Block, moment: number) =>
      isWithin(block, this) || (setAt > 0 && moment > setAt && means(block.unendedLevel));
    this.root.callbacks.dropSince(this.opened, ({ block, moment }) => isUndone(block, moment));
    this.root.failures.mend(({ block, since }) => isUndone(block, since));
  }

  /** The server no longer knows the savepoint: a deadlock undid the transaction, or the connection is lost (D-221). */
  #leaveUndoing(cause: unknown): void {
    this.root.callbacks.dropSince(this.opened, ({ block }) => isWithin(block, this));
    this.root.failures.mend(({ block }) => isWithin(block, this));
    this.parent.breakBy(cause, this.opened);
  }

  /** The rollback of an older savepoint has undone this block, whatever happens next. */
  loseSavepoint(error: Error): void {
    this.root.callbacks.dropSince(this.opened, ({ block }) => isWithin(block, this));
    // One that is ended by hand is heard of when somebody uses it, which may be never.
    if (!this.endsByHand) this.breakBy(error, this.opened);
  }

  override register(callback: () => unknown, options: CallbackOptions): void {
    this.#assertNotLost();
    super.register(callback, options);
  }

  override assertTakesBlocks(): void {
    this.#assertNotLost();
    super.assertTakesBlocks();
  }

  #assertNotLost(): void {
    if (this.savepoint.lost) throw brokenError(this, this.savepoint.lost);
  }

  protected override settleAs(outcome: Outcome): void {
    super.settleAs(outcome);
    this.driver.noteOutcome(this.handle, outcome);
  }

  /** Whoever waits for the end of the transaction hears it from its outermost block. */
  protected announce(): undefined {}

  protected detach(): void {
    this.savepoint.leave();
    const { undoLog } = this.root;
    if (this.undone) undoLog.undoSince(this.opened, (by) => isWithin(by.level, this));
    undoLog.close(this.opened);
  }
}
