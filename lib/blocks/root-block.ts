import { Block, type BlockOptions } from './block.js';
import type { Blocks } from './blocks.js';
import { Callbacks, type DueCallback } from './callbacks.js';
import type { Handle, Outcome } from './driver.js';
import { FailureRecord } from './failure-record.js';
import { noteBegun } from './left-open.js';
import { type Savepoint, SavepointStack } from './savepoint-stack.js';
import type { RealTransaction } from './source.js';
import { falseCommitError, swallowedError } from './transaction-errors.js';
import { UndoLog } from './undo-log.js';

/**
 * The outermost block: its work is stored, or all of it is gone. It has what the levels of one
 * transaction share, which is what Django keeps on a connection (D-207).
 */
export class RootBlock extends Block {
  readonly parent: undefined;
  readonly root: this = this;
  readonly handle: Handle;
  readonly opened = 0;
  readonly savepoint: undefined;
  readonly stack: SavepointStack;
  readonly callbacks: Callbacks;
  readonly failures: FailureRecord = new FailureRecord();
  readonly undoLog: UndoLog<Block>;

  readonly #real: RealTransaction;
  #beginning: Promise<void> | undefined;
  #begun = false;
  #due: readonly DueCallback[] = [];
  #cause: unknown;

  constructor(blocks: Blocks, handleOptions: object, options: BlockOptions) {
    super(blocks, options);
    this.handle = this.driver.makeHandle(this, handleOptions);
    this.#real = blocks.seam.source.realize(this);
    this.stack = new SavepointStack(this.driver, this.handle, {
      releasesLater: this.#real.hasOwnSavepoints,
    });
    this.callbacks = new Callbacks(this.stack.clock);
    this.undoLog = new UndoLog(this.stack.clock);
    blocks.open.add(this);
    if (options.endsByHand) noteBegun(this);
  }

  /** Whether it may begin before it has to. */
  get beginsAhead(): boolean {
    return this.#real.beginsAhead;
  }

  /** Whether there is anything that its rollback would undo. */
  get hasWork(): boolean {
    return this.#begun || this.#beginning !== undefined || this.callbacks.size > 0;
  }

  materialize(first?: Savepoint): Promise<void> | undefined {
    if (this.#begun) return undefined;
    this.#beginning ??= this.#begin(first);
    return this.#beginning;
  }

  async #begin(first: Savepoint | undefined): Promise<void> {
    await this.stack.queue.control(() => this.#real.begin(first));
    this.#begun = true;
    // This promise keeps its flow alive, and the flow this block: without it the circle is broken,
    // and the block is collected early.
    this.#beginning = undefined;
  }

  protected async keep(): Promise<void> {
    const failure = this.failures.within(this);
    if (failure) {
      // A rollback that failed closed the connection, so the work is undone all the same.
      await this.undo(failure.error).catch(() => {});
      if (!failure.requested) throw swallowedError(this, failure.error);
      return;
    }
    try {
      this.#tell('kept');
      const stored = !this.#begun || (await this.#commit());
      if (!stored) throw falseCommitError(this, this.failures.lastError);
    } catch (error) {
      this.#rolledBack(error);
      throw error;
    }
    this.settleAs('kept');
    this.#due = this.#dueCallbacks();
  }

  #commit(): Promise<boolean> {
    // From here on the answer to COMMIT says alone whether to try again: without one the work may be
    // stored, and must not be done twice because of something that was lost, and mended, before.
    this.failures.lost = false;
    return this.stack.queue.control(() => this.blocks.seam.commit(this.#real));
  }

  #dueCallbacks(): DueCallback[] {
    const callbacks = this.callbacks.take();
    this.blocks.seam.noteDue(callbacks);
    return this.#real.holdsCallbacks ? callbacks.filter(({ capture }) => capture) : callbacks;
  }

  protected async undo(cause: unknown): Promise<void> {
    try {
      this.#tell('undone');
      if (this.#begun) await this.stack.queue.control(() => this.#real.rollback());
    } finally {
      this.#rolledBack(cause);
    }
  }

  #rolledBack(error: unknown): void {
    this.settleAs('undone');
    this.callbacks.drop();
    this.#cause = error;
  }

  protected override settleAs(outcome: Outcome): void {
    super.settleAs(outcome);
    this.#tell(outcome);
  }

  /** The handle tells what is being done to it before it is done, as Sequelize's does. */
  #tell(outcome: Outcome): void {
    this.driver.noteOutcome(this.handle, outcome);
  }

  protected announce(): Promise<void> | undefined {
    const { observer } = this.blocks;
    return this.kept ? observer.committed(this, this.#due) : observer.rolledBack(this, this.#cause);
  }

  protected detach(): void {
    this.blocks.open.delete(this);
    if (!this.kept) this.undoLog.undoSince(0, () => true);
    this.undoLog.forget(); // somebody may keep the transaction for long
  }
}
