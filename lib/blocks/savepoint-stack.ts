import type { Block } from './block.js';
import { Clock } from './clock.js';
import type { Driver, Handle } from './driver.js';
import { QueryQueue } from './query-queue.js';
import { isWithin, type Scope } from './scope.js';
import type { Writes } from './source.js';
import { lostError, overlapError } from './transaction-errors.js';

/** Whoever has set a savepoint: a block, a call of `savepoint()`, or the transaction of a test. */
export interface SavepointOwner extends Scope {
  /** Names it in messages. */
  readonly label: string;
  /** Has the options of its statements, where they are not those of the transaction. */
  readonly handle?: Handle;
  /** Is told that the rollback of an older savepoint has undone its own, and why it cannot go on. */
  loseSavepoint?(error: Error): void;
}

/** Who rolls back to a savepoint, and what that means to the blocks of the transaction. */
export interface Rollback {
  /**
   * Whether it means to undo what was done beside the owner of the savepoint: by `level`, which is
   * open, at that moment.
   */
  readonly means: (level: Block, moment: number) => boolean;
  /** Called as soon as all is undone, before anything else is sent. */
  readonly undone?: () => void;
  /** Whether the savepoint stays, to be rolled back to again. */
  readonly stays?: boolean;
}

/**
 * One transaction on its connection: its savepoints, the oldest first, and the queue in which its
 * statements are sent.
 *
 * There is one rule for savepoints of all kinds: **a rollback undoes all that came after the
 * savepoint, whoever did it.**
 *
 * - The blocks inside the owner end with it, and so do their callbacks and their failures.
 * - What others wrote is undone as well. Where that is not meant, their block is broken with an error
 *   that names both. It is meant for what was done by the one who rolls back by hand, and for what a
 *   transaction of Sequelize did beside a savepoint that it was given to set by hand.
 * - The savepoints that are younger are gone on the server. Their owners are told, and end as undone.
 * - A failure is over when all that it spoiled came after the savepoint. One that began before stays.
 */
export class SavepointStack {
  /** What statements name to be sent on that connection. */
  readonly handle: Handle;
  readonly queue: QueryQueue;
  readonly driver: Driver;
  readonly clock: Clock = new Clock();
  readonly #savepoints: Savepoint[] = [];
  readonly #namedAfter: string;
  #count = 0;

  /** @param namedAfter - what the names of its savepoints begin with, after the id of the transaction. */
  constructor(driver: Driver, handle: Handle, namedAfter: string = 'sp') {
    this.driver = driver;
    this.handle = handle;
    this.queue = new QueryQueue(driver);
    this.#namedAfter = namedAfter;
  }

  /** A name for a savepoint that no other of this transaction has (sequelize#18207). */
  nextName(): string {
    this.#count += 1;
    return `${this.driver.idOf(this.handle)}-${this.#namedAfter}-${this.#count}`;
  }

  get youngest(): Savepoint | undefined {
    return this.#savepoints.at(-1);
  }

  find(name: string): Savepoint | undefined {
    return this.#savepoints.findLast((savepoint) => savepoint.name === name);
  }

  push(savepoint: Savepoint): void {
    this.#savepoints.push(savepoint);
  }

  remove(savepoint: Savepoint): void {
    const index = this.#savepoints.lastIndexOf(savepoint);
    if (index >= 0) this.#savepoints.splice(index, 1);
  }

  /** Those that the server forgets together with `savepoint`. */
  youngerThan(savepoint: Savepoint): Savepoint[] {
    const index = this.#savepoints.lastIndexOf(savepoint);
    return index < 0 ? [] : this.#savepoints.slice(index + 1);
  }

  /**
   * Notes a query of `writer` that is about to be sent: the savepoints of others may undo it. It
   * looks at no more savepoints than it has to, as a program may nest deeply.
   */
  noteWrite(writer: Block, writes: Writes): void {
    let own = writer.savepoint;
    let isWrite: boolean | undefined;
    for (let index = this.#savepoints.length - 1; index >= 0; index -= 1) {
      const savepoint = this.#savepoints[index] as Savepoint;
      if (savepoint !== own) {
        isWrite ??= writes();
        if (!isWrite) return;
        savepoint.overlappedBy(writer);
      } else if (savepoint.isOnItsOwn) {
        return;
      } else {
        own = savepoint.around;
      }
    }
  }
}

/** A savepoint, from its name to its end. */
export class Savepoint {
  readonly name: string;
  readonly owner: SavepointOwner;
  /** The one that its owner is inside of. */
  readonly around: Savepoint | undefined;
  readonly #stack: SavepointStack;
  /** Who wrote beside the owner, and when for the last time. */
  #overlaps: Map<Block, number> | undefined;
  #setAt = 0;
  #isOnItsOwn = false;
  #lost: Error | undefined;

  constructor(stack: SavepointStack, owner: SavepointOwner, around?: Savepoint) {
    this.#stack = stack;
    this.owner = owner;
    this.around = around;
    this.name = stack.nextName();
  }

  /** The moment at which it was set. */
  get setAt(): number {
    return this.#setAt;
  }

  /** Whether the older ones are those that its owner is inside of, and no others. */
  get isOnItsOwn(): boolean {
    return this.#isOnItsOwn;
  }

  /** Why it is gone, where the rollback of an older one undid it. */
  get lost(): Error | undefined {
    return this.#lost;
  }

  /** Notes a write of `writer`, beside the owner, that a rollback to this savepoint would undo. */
  overlappedBy(writer: Block): void {
    this.#overlaps ??= new Map();
    this.#overlaps.set(writer, this.#stack.clock.tick());
  }

  /** Sets it, behind the queries that are on their way. */
  set(): Promise<void> {
    return this.#stack.queue.sendControl(() => this.setInTurn());
  }

  /** Keeps what came after it. */
  release(): Promise<void> {
    return this.#stack.queue.sendControl(() => this.releaseInTurn());
  }

  /** Undoes what came after it, whoever did it. */
  rollBack(rollback: Rollback): Promise<void> {
    return this.#stack.queue.sendControl(() => this.rollBackInTurn(rollback));
  }

  /** As `set`, for one whose turn in the queue it is; so are the next two. */
  async setInTurn(): Promise<void> {
    const { driver, handle, clock, youngest } = this.#stack;
    this.#isOnItsOwn = youngest === this.around && (youngest?.isOnItsOwn ?? true);
    this.#setAt = clock.tick();
    this.#stack.push(this);
    await driver.setSavepoint(handle, this.name, this.owner.handle);
  }

  async releaseInTurn(): Promise<void> {
    if (this.#lost) throw this.#lost;
    const younger = this.#stack.youngerThan(this);
    // The server would forget the younger ones with it, and transactions of Sequelize end in any order.
    if (!younger.every(({ owner }) => isWithin(owner, this.owner))) return;
    for (const savepoint of younger) savepoint.leave();
    await this.#sendRelease();
  }

  async rollBackInTurn(rollback: Rollback): Promise<void> {
    const { driver, handle } = this.#stack;
    if (!this.#lost) await driver.rollbackToSavepoint(handle, this.name, this.owner.handle);
    rollback.undone?.();
    if (this.#lost) return;

    this.#tellOthers(rollback);
    if (!rollback.stays) await this.#sendRelease();
  }

  /** Takes it off the stack: it has ended, or is left to what surrounds it. */
  leave(): void {
    this.#stack.remove(this);
  }

  #tellOthers({ means }: Rollback): void {
    for (const younger of this.#stack.youngerThan(this)) {
      younger.leave();
      if (!isWithin(younger.owner, this.owner)) younger.#lose(this.owner);
    }
    for (const [writer, moment] of this.#overlaps ?? []) {
      const level = writer.openLevel;
      if (level.savepoint?.lost || means(level, moment)) continue;
      level.breakBy(overlapError(writer, this.owner), this.#setAt);
    }
    this.#overlaps = undefined;
  }

  #lose(undone: SavepointOwner): void {
    this.#lost = lostError(this.owner, undone);
    this.owner.loseSavepoint?.(this.#lost);
  }

  #sendRelease(): Promise<unknown> {
    const { driver, handle } = this.#stack;
    return driver.releaseSavepoint(handle, this.name, this.owner.handle);
  }
}
