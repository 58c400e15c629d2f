import type { Block } from './block.js';
import type { Driver, Handle } from './driver.js';
import { QueryQueue } from './query-queue.js';
import { isWithin, type Scope } from './scope.js';
import type { Writes } from './source.js';

/** Whoever has set a savepoint: a block, or the transaction of a test. */
export interface SavepointOwner extends Scope {
  /** Names it in messages. */
  readonly label: string;
}

/**
 * One transaction on its connection: its savepoints, the oldest first, and the queue in which its
 * statements are sent. A rollback to a savepoint undoes all that came after it, whoever sent it.
 */
export class SavepointStack {
  /** What statements name to be sent on that connection. */
  readonly handle: Handle;
  readonly queue: QueryQueue;
  readonly driver: Driver;
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

  push(savepoint: Savepoint): void {
    this.#savepoints.push(savepoint);
  }

  remove(savepoint: Savepoint): void {
    const index = this.#savepoints.lastIndexOf(savepoint);
    if (index >= 0) this.#savepoints.splice(index, 1);
  }

  isYoungest(savepoint: Savepoint): boolean {
    return this.#savepoints.at(-1) === savepoint;
  }

  /** Notes a query of `writer` that is about to be sent: the savepoints of others may undo it. */
  noteWrite(writer: Block, writes: Writes): void {
    for (const savepoint of this.#savepoints) {
      if (!isWithin(writer, savepoint.owner) && writes()) savepoint.overlappedBy(writer);
    }
  }
}

/** A savepoint, from its name to its end. */
export class Savepoint {
  readonly name: string;
  readonly owner: SavepointOwner;
  readonly #stack: SavepointStack;
  #overlap: Block | undefined;

  constructor(stack: SavepointStack, owner: SavepointOwner) {
    this.#stack = stack;
    this.owner = owner;
    this.name = stack.nextName();
  }

  /** Notes a write of `writer`, beside the owner, that a rollback to this savepoint would undo. */
  overlappedBy(writer: Block): void {
    this.#overlap ??= writer;
  }

  /** Sets it, behind the queries that are on their way. */
  set(): Promise<unknown> {
    const { queue, driver, handle } = this.#stack;
    return queue.send(() => {
      this.#stack.push(this);
      return driver.setSavepoint(handle, this.name);
    });
  }

  /** Keeps what came after it. */
  release(): Promise<unknown> {
    return this.#stack.queue.send(() => {
      // The server would forget the younger ones with it, and transactions of Sequelize end in any order.
      return this.#stack.isYoungest(this) ? this.#sendRelease() : Promise.resolve();
    });
  }

  /** Undoes what came after it; resolves to a block beside the owner whose write was undone with it. */
  rollBack(): Promise<Block | undefined> {
    const { queue, driver, handle } = this.#stack;
    return queue.send(async () => {
      await driver.rollbackToSavepoint(handle, this.name);
      await this.#sendRelease();
      return this.#overlap;
    });
  }

  /** Takes it off the stack: it has ended, or is left to what surrounds it. */
  leave(): void {
    this.#stack.remove(this);
  }

  #sendRelease(): Promise<unknown> {
    const { driver, handle } = this.#stack;
    return driver.releaseSavepoint(handle, this.name);
  }
}
