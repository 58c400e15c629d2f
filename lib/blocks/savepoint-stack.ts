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

/** What differs between the transactions that have savepoints. */
interface StackOptions {
  /** What the names of its savepoints begin with, after the id of the transaction. */
  readonly namedAfter?: string;
  /** Whether it may leave a savepoint to be released later: nobody else sets any on its connection. */
  readonly releasesLater?: boolean;
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
  #releasesLater: boolean;
  #count = 0;
  #unreleased: string | undefined;

  constructor(
    driver: Driver,
    handle: Handle,
    { namedAfter = 'sp', releasesLater = false }: StackOptions = {},
  ) {
    this.driver = driver;
    this.handle = handle;
    this.queue = new QueryQueue(driver);
    this.#namedAfter = namedAfter;
    this.#releasesLater = releasesLater;
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

  /**
   * A savepoint that the server still has, on top of all others, though its owner has ended: the work
   * is kept, and that takes no statement. The next savepoint takes its place.
   */
  get unreleased(): string | undefined {
    return this.#unreleased;
  }

  /**
   * Whether a release may wait. It does where it could not fail: whoever awaits the end of a block has
   * to hear the truth of it. The COMMIT releases everything by itself.
   */
  mayReleaseLater({ handle: level }: SavepointOwner): boolean {
    if (!this.#releasesLater) return false;
    return this.driver.joins(this.handle, level) && this.driver.isKnownSound(this.handle);
  }

  releaseLater(name: string): void {
    this.#unreleased = name;
  }

  /** Leaves an unreleased savepoint to whoever ends those below it. */
  forgetUnreleased(): void {
    this.#unreleased = undefined;
  }

  /** Whether it matters that the application moves savepoints itself: `releaseAtOnce` is for that. */
  get releasesLater(): boolean {
    return this.#releasesLater;
  }

  /** Has no release wait any more, as nobody knows what is on top of the savepoints. */
  releaseAtOnce(): void {
    this.#releasesLater = false;
    this.#unreleased = undefined;
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

  get isSet(): boolean {
    return this.#setAt > 0;
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
  setInTurn(): Promise<void> {
    return this.setBy(() => this.#sendSet());
  }

  /** Sets it by a statement of somebody else. */
  async setBy(send: () => Promise<unknown>): Promise<void> {
    // An older one may have been rolled back to while this one waited for its turn.
    if (this.around?.lost) throw this.around.lost;
    const { clock, youngest } = this.#stack;
    this.#isOnItsOwn = youngest === this.around && (youngest?.isOnItsOwn ?? true);
    this.#setAt = clock.tick();
    this.#stack.push(this);
    await send();
  }

  async releaseInTurn(): Promise<void> {
    if (this.#lost) throw this.#lost;
    const younger = this.#stack.youngerThan(this);
    // The server would forget the younger ones with it, and transactions of Sequelize end in any order.
    if (!younger.every(({ owner }) => isWithin(owner, this.owner))) return;
    for (const savepoint of younger) savepoint.leave();
    if (this.#stack.mayReleaseLater(this.owner)) this.#stack.releaseLater(this.name);
    else await this.#sendRelease();
  }

  async rollBackInTurn(rollback: Rollback): Promise<void> {
    const { driver, handle } = this.#stack;
    const isDropped = !rollback.stays && driver.joins(handle, this.owner.handle);
    if (!this.#lost) await this.#sendRollback(isDropped);
    rollback.undone?.();
    if (this.#lost) return;

    this.#tellOthers(rollback);
    if (!rollback.stays && !isDropped) await this.#sendRelease();
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
      const level = writer.unendedLevel;
      if (level.savepoint?.lost || means(level, moment)) continue;
      level.breakBy(overlapError(writer, this.owner), this.#setAt);
    }
    this.#overlaps = undefined;
  }

  #lose(undone: SavepointOwner): void {
    this.#lost = lostError(this.owner, undone);
    this.owner.loseSavepoint?.(this.#lost);
  }

  async #sendSet(): Promise<void> {
    const { driver, handle, unreleased } = this.#stack;
    const { handle: level } = this.owner;
    this.#stack.forgetUnreleased();
    if (unreleased === undefined) await driver.setSavepoint(handle, this.name, level);
    else if (driver.joins(handle, level)) {
      await driver.replaceSavepoint(handle, unreleased, this.name);
    } else {
      await driver.releaseSavepoint(handle, unreleased);
      await driver.setSavepoint(handle, this.name, level);
    }
  }

  /** What is unreleased goes with it. */
  async #sendRollback(isDropped: boolean): Promise<void> {
    const { driver, handle } = this.#stack;
    this.#stack.forgetUnreleased();
    if (isDropped) await driver.dropSavepoint(handle, this.name);
    else await driver.rollbackToSavepoint(handle, this.name, this.owner.handle);
  }

  async #sendRelease(): Promise<void> {
    const { driver, handle } = this.#stack;
    this.#stack.forgetUnreleased();
    await driver.releaseSavepoint(handle, this.name, this.owner.handle);
  }
}
