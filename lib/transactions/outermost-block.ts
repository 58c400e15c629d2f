import {
  type Backing,
  Block,
  type BlockOptions,
  type Failure,
  type Host,
  type SavepointOwner,
  type Trunk,
} from './block.js';
import { Callbacks, type DueCallback } from './callbacks.js';
import { sendCommitted, sendRolledBack } from './end-of-transaction.js';
import { falseCommitError, swallowedError } from './failure.js';
import { noteBegun } from './left-open.js';
import { Line } from './line.js';
import { CONTROL, type OpenTransaction } from './statements.js';
import type { TransactionSignals } from './transaction-signals.js';

/** The outermost level: its work is stored, or all of it is gone. */
export class OutermostBlock extends Block implements Trunk {
  readonly parent: undefined;
  readonly trunk: this = this;
  readonly transaction: OpenTransaction;
  readonly callbacks: Callbacks = new Callbacks();
  readonly line: Line;
  readonly savepoints: SavepointOwner[] = [];
  failure: Failure | undefined;
  lastError: unknown;
  signals: TransactionSignals | undefined;

  readonly #backing: Backing;
  #beginning: Promise<void> | undefined;
  #begun = false;
  #due: readonly DueCallback[] = [];
  #cause: unknown;
  #savepoints = 0;

  constructor(host: Host, transactionOptions: object, options: BlockOptions) {
    super(host, options);
    this.transaction = new host.Transaction(
      host.sequelize,
      { [CONTROL]: true, ...transactionOptions },
      this,
    );
    this.line = new Line(host.sequelize);
    this.#backing = host.back(this);
    host.openBlocks.add(this);
    if (!options.managed) noteBegun(this);
  }

  nextSavepoint(): string {
    this.#savepoints += 1;
    return `${this.transaction.id}-sp-${this.#savepoints}`;
  }

  get beginsAhead(): boolean {
    return this.#backing.beginsAhead;
  }

  start(): Promise<void> | undefined {
    if (this.#begun) return undefined;
    this.#beginning ??= this.#begin();
    return this.#beginning;
  }

  async #begin(): Promise<void> {
    await this.#backing.begin();
    this.#begun = true;
    // It knows its flow, and that the block: a ring that the garbage collector is slow to see through.
    this.#beginning = undefined;
  }

  protected async keep(): Promise<void> {
    const { failure } = this;
    if (failure) {
      // A rollback that failed closed the connection, so the work is undone all the same.
      await this.undo(failure.error).catch(() => {});
      if (!failure.requested) throw swallowedError(this, failure.error);
      return;
    }
    try {
      const stored = !this.#begun || (await this.host.commit(this.#backing));
      if (!stored) throw falseCommitError(this, this.lastError);
    } catch (error) {
      this.#rolledBack(error);
      throw error;
    }
    this.transaction.finished = 'commit';
    this.#due = this.#dueCallbacks();
  }

  #dueCallbacks(): DueCallback[] {
    const callbacks = this.callbacks.take();
    return this.#backing.holdsCallbacks ? callbacks.filter(({ capture }) => capture) : callbacks;
  }

  protected async undo(cause: unknown): Promise<void> {
    try {
      if (this.#begun) await this.#backing.rollback();
    } finally {
      this.#rolledBack(cause);
    }
  }

  #rolledBack(error: unknown): void {
    this.transaction.finished = 'rollback';
    this.callbacks.take();
    this.#cause = error;
  }

  protected override announce(): Promise<void> | undefined {
    return this.stored ? sendCommitted(this, this.#due) : sendRolledBack(this, this.#cause);
  }
}
