import { Activity, type OpenChild } from './activity.js';
import type { BlockName } from './block-name.js';
import type { Blocks } from './blocks.js';
import type { CallbackOptions } from './callbacks.js';
import type { Driver, Handle, Outcome } from './driver.js';
import type { FailedQuery } from './failure-record.js';
import { Latch } from './latch.js';
import { Lock, type LockHolder } from './lock.js';
import type { RootBlock } from './root-block.js';
import type { Savepoint, SavepointOwner } from './savepoint-stack.js';
import { isWithin } from './scope.js';
import type { Writes } from './source.js';
import {
  abandonedError,
  brokenError,
  committingError,
  endedError,
  inHookError,
  rollbackRequestedError,
} from './transaction-errors.js';
import type { Change, Memento } from './undo-log.js';

/** How a block came to be. */
export interface BlockOptions {
  readonly name: BlockName;
  /**
   * Who made it. A transaction of Sequelize goes on after a failed query as the server lets it,
   * where an atomic block is broken.
   */
  readonly kind: 'atomic' | 'transaction';
  /** Whether it ends by a call of commit() or rollback(), and not with a function. */
  readonly endsByHand: boolean;
}

/**
 * One level of a transaction while it is open. What differs between the outermost level, a
 * savepoint and a level without one is left to the classes that extend this one: how it begins,
 * how its work is kept, and how it is undone.
 *
 * A block is open until its body is through. While it is closing it takes nothing more, waits for
 * what goes on in it, and keeps or undoes its work. Then it has ended, and has an outcome. These are
 * the ways there, of which `run` and whoever ends a transaction by hand take the first two:
 *
 * | | its work | the blocks inside that are open | is told to whoever waits |
 * | --- | --- | --- | --- |
 * | `complete` | is kept | end with it: `endWithParent` | yes |
 * | `fail` | is undone | are left to it | yes |
 * | `discard` | is undone | are left to it | no |
 * | `leaveToParent` | has the outcome of the parent, which is undone | are left to it | by the parent |
 * | `endWithParent` | is undone, or has the outcome of the parent if it ends by hand | as above | by the parent |
 */
export abstract class Block implements SavepointOwner, OpenChild {
  abstract readonly parent: Block | undefined;
  /** The outermost block of the same transaction, which has what all of its levels share. */
  abstract readonly root: RootBlock;
  /** What stands for the block outside. */
  abstract readonly handle: Handle;
  /** The moment at which it was opened. */
  abstract readonly opened: number;
  /** The savepoint that undoes it; none for a level that only the whole transaction undoes. */
  abstract readonly savepoint: Savepoint | undefined;

  readonly blocks: Blocks;
  protected readonly options: BlockOptions;
  readonly #activity = new Activity<Block>();
  #phase: 'open' | 'closing' | 'ended' = 'open';
  #outcome: Outcome | undefined;
  #lock: Lock | undefined;
  #whenEnded: Latch | undefined;
  #queryHandle: Handle | undefined;
  #leftToThis: Block[] | undefined;

  constructor(blocks: Blocks, options: BlockOptions) {
    this.blocks = blocks;
    this.options = options;
  }

  /**
   * Makes the block real on the server, once. Returns nothing to wait for when it is.
   *
   * @param first - a savepoint inside it that is needed at once. It is set as well where that takes no
   * round trip of its own.
   */
  abstract materialize(first?: Savepoint): Promise<void> | undefined;
  /** Keeps the work of the block, in which nothing goes on any more. */
  protected abstract keep(): Promise<void>;
  /** Undoes the work of the block, in which nothing goes on any more. */
  protected abstract undo(cause: unknown): Promise<void>;
  /** Tells those who wait for the end of the block, once it has ended. */
  protected abstract announce(): Promise<void> | undefined;
  /** Lets go of what the block held in its surroundings. */
  protected abstract detach(): void;

  get label(): string {
    return this.options.name.label;
  }

  get kind(): BlockOptions['kind'] {
    return this.options.kind;
  }

  get endsByHand(): boolean {
    return this.options.endsByHand;
  }

  get open(): boolean {
    return this.#phase === 'open';
  }

  get ended(): boolean {
    return this.#phase === 'ended';
  }

  /** The innermost level around it, itself included, that has not ended: whose work its own is part of. */
  get unendedLevel(): Block {
    let level: Block = this;
    while (level.ended && level.parent) level = level.parent;
    return level;
  }

  /** Whether its work was kept: that of the outermost level is stored then. */
  get kept(): boolean {
    return this.#outcome === 'kept';
  }

  /** Whether a query of its transaction lost against another one. */
  get lost(): boolean {
    return this.root.failures.lost;
  }

  /** Whether its work was undone, by itself. */
  protected get undone(): boolean {
    return this.#outcome === 'undone';
  }

  /** The level whose undoing undoes the work of this block. */
  get level(): SavepointOwner {
    return this.savepoint?.owner ?? this.root;
  }

  protected get driver(): Driver {
    return this.blocks.driver;
  }

  /** Runs `body` in this block; keeps its work when it resolves, and undoes it when it rejects. */
  async run<Result>(body: () => Result | PromiseLike<Result>): Promise<Result> {
    let result: Result;
    try {
      result = await this.blocks.enter(this, body);
    } catch (error) {
      // What the application threw is what it gets, whatever the rollback says (D-221).
      if (this.open) await this.fail(error).catch(() => {});
      throw error;
    }
    await this.complete();
    return result;
  }

  /** Runs `body` after the blocks that were started earlier inside this one. */
  async inTurn<Result>(child: LockHolder, body: () => Promise<Result>): Promise<Result> {
    this.#lock ??= new Lock();
    const letGo = await this.#lock.acquire(child);
    try {
      this.assertOpen();
      return await body();
    } finally {
      letGo();
    }
  }

  /**
   * Lends the stack of savepoints to work that is no block of this transaction, and still has no
   * other connection. This block does not end before the returned function gives it back.
   */
  async lend(borrower: LockHolder): Promise<() => void> {
    this.#lock ??= new Lock();
    const letGo = await this.#lock.acquire(borrower);
    this.#activity.start();
    return () => {
      letGo();
      this.#activity.finish();
    };
  }

  /** Makes the block real, for what is to be sent next. When that fails, the block around it is broken. */
  begin(): Promise<void> | undefined {
    const beginning = this.materialize();
    return beginning && this.#orBreak(beginning);
  }

  async #orBreak(beginning: Promise<void>): Promise<void> {
    // Whoever is to end meanwhile waits: nobody would give back a connection that begins afterwards.
    this.#activity.start();
    try {
      await beginning;
    } catch (error) {
      (this.parent ?? this).breakBy(error);
      throw error;
    } finally {
      this.#activity.finish();
    }
  }

  /**
   * Has the block begin while its first query is still being built: the server works meanwhile.
   * When that fails, the query reports it; if no query comes, it does not matter.
   */
  beginAhead(): void {
    const { root } = this;
    if (!root.beginsAhead || !this.open || root.failures.current) return;
    const beginning = this.materialize();
    if (beginning === undefined) return;

    this.#activity.start();
    const done = () => this.#activity.finish();
    beginning.then(done, done);
  }

  /** Sends one query of this block, for which `send` gets the handle to name. */
  async query<Result>(writes: Writes, send: (handle: Handle) => Promise<Result>): Promise<Result> {
    const { stack } = this.root;
    if (stack.queue.isInControl) return await send(this.root.queryHandle());

    this.assertSound();
    this.#activity.start();
    try {
      const beginning = this.begin();
      if (beginning !== undefined) await beginning;
      return await stack.queue.send(() => {
        this.assertSound(); // the query before this one may have broken the block
        stack.noteWrite(this, writes);
        return send(this.queryHandle());
      });
    } finally {
      this.#activity.finish();
    }
  }

  /** Sends what makes the block sound again, which a broken one may do as well. */
  async restore(send: () => Promise<void>): Promise<void> {
    this.assertOpen();
    this.#activity.start();
    try {
      await this.root.stack.queue.send(send);
    } finally {
      this.#activity.finish();
    }
  }

  /** What a query of the block, which has begun, names as its transaction. */
  queryHandle(): Handle {
    this.#queryHandle ??= this.driver.queryHandleOf(this.handle);
    return this.#queryHandle;
  }

  /** Records that a query of this block failed. */
  queryFailed({ error, lost, ended, unanswered }: FailedQuery): void {
    const { root } = this;
    // What is refused because of an earlier error says nothing of its own.
    if (!this.driver.isAborted(error)) root.failures.lastError = error;
    root.failures.lost ||= lost;
    if (ended) root.failures.end(root, error);
    else if (unanswered || this.kind === 'atomic') this.breakBy(error);
  }

  /**
   * Lets nothing more run in the transaction, up to the level that undoes this block.
   *
   * @param since - the moment from which on all has to be undone to mend it.
   */
  breakBy(error: unknown, since: number = this.root.stack.clock.tick()): void {
    this.root.failures.breakBy(this, since, error);
  }

  /** Django's `set_rollback` (D-215, D-216). What is wrong around the level that it is about stays so. */
  setRollback(value: boolean): void {
    const { failures } = this.root;
    if (value) {
      failures.request(this);
      return;
    }
    failures.mend(({ block }) => isWithin(block, this.level));
    this.assertSound();
  }

  /** Queues a callback for the commit. */
  register(callback: () => unknown, options: CallbackOptions): void {
    this.assertOpen();
    this.root.callbacks.add(callback, options, this, this.blocks.seam.capture);
  }

  /**
   * Notes that work of this block is about to change something in memory, which is put back when
   * the work is undone. A transaction of Sequelize puts nothing back, unless it is in an atomic block.
   */
  changing(subject: object, take: () => Memento<object>): Change | undefined {
    if (!this.open || !this.#isAtomic) return undefined;
    return this.root.undoLog.note(subject, this, take);
  }

  get #isAtomic(): boolean {
    for (let block: Block | undefined = this; block; block = block.parent) {
      if (block.kind === 'atomic') return true;
    }
    return false;
  }

  /** Throws when nothing new may be started in this block; `cause` is what the database says of it. */
  assertOpen(cause?: unknown): void {
    if (this.#phase === 'ended') throw endedError(this, cause);
    if (this.#phase === 'closing') throw committingError(this, cause);
  }

  /** Throws when no block may be started in this one. */
  assertTakesBlocks(): void {
    if (this.root.stack.queue.isInControl) throw inHookError(this);
    this.assertOpen();
  }

  /** Throws when no query may be sent in this block. */
  assertSound(): void {
    this.assertOpen();
    const failure = this.root.failures.current;
    if (failure) {
      throw failure.requested ? rollbackRequestedError(this) : brokenError(this, failure.error);
    }
    // Its savepoint went with an older one: what is written now would be undone by nobody.
    const lost = this.savepoint?.lost;
    if (lost) throw brokenError(this, lost);
  }

  adopt(child: Block): void {
    this.#activity.addChild(child);
  }

  /** Ends the block and keeps its work, or throws why it could not. */
  async complete(): Promise<void> {
    // What is to run before a commit belongs here, where the block still takes queries: in the flow of
    // the block, which has been left by now, and with an error of it going to fail().
    this.assertOpen();
    const closing = this.#close(endWithParent);
    if (closing !== undefined) await closing;
    try {
      await this.keep();
    } finally {
      this.#end();
      const announcement = this.announce();
      if (announcement !== undefined) await announcement;
    }
  }

  /** Ends the block and undoes its work. */
  async fail(cause: unknown): Promise<void> {
    try {
      await this.discard(cause);
    } finally {
      await this.announce();
    }
  }

  /** Ends the block and undoes its work, without telling anybody. */
  async discard(cause: unknown): Promise<void> {
    const closing = this.#close(leaveToParent);
    if (closing !== undefined) await closing;
    try {
      await this.undo(cause);
    } finally {
      this.#end();
    }
  }

  /** Ends the block without a statement: its work has the outcome of the block around it. */
  leaveToParent(): Promise<void> {
    return this.#leave(leaveToParent);
  }

  /**
   * Ends a block that is still open when the one around it is left normally. One that nobody awaited
   * is undone, for half of its work must not be kept. That of a transaction that is ended by hand, and
   * was not, goes with the block around it, as in Sequelize.
   */
  async endWithParent(): Promise<void> {
    if (this.endsByHand) return this.#leave(endWithParent);
    // What could not be undone has broken the transaction, so that it is rolled back as a whole.
    await this.fail(abandonedError(this)).catch(() => {});
  }

  async #leave(endChild: (child: Block) => Promise<void>): Promise<void> {
    const closing = this.#close(endChild);
    if (closing !== undefined) await closing;
    this.#end();
    this.parent?.answerFor(this);
  }

  /** Has a child that was left to this block share its outcome. */
  answerFor(child: Block): void {
    this.#leftToThis ??= [];
    this.#leftToThis.push(child);
  }

  /** Takes nothing more, ends the blocks inside, and waits for what goes on. */
  #close(endChild: (child: Block) => Promise<void>): Promise<void> | undefined {
    this.#phase = 'closing';
    return this.#activity.settle(endChild);
  }

  untilEnded(): Promise<void> {
    if (this.ended) return Promise.resolve();
    this.#whenEnded ??= new Latch();
    return this.#whenEnded.opened();
  }

  /** Notes what became of the work of the block. */
  protected settleAs(outcome: Outcome): void {
    this.#outcome = outcome;
    for (const child of this.#leftToThis ?? []) child.settleAs(outcome);
  }

  #end(): void {
    this.#phase = 'ended';
    this.#whenEnded?.open();
    this.detach();
    this.parent?.disown(this);
  }

  disown(child: Block): void {
    this.#activity.removeChild(child);
  }
}

function endWithParent(child: Block): Promise<void> {
  return child.endWithParent();
}

function leaveToParent(child: Block): Promise<void> {
  return child.leaveToParent();
}
