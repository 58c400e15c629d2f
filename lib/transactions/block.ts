import type { Sequelize } from 'sequelize';
import type { BlockName } from './block-name.js';
import type { BlockTransactionClass, TransactionOwner } from './block-transaction.js';
import { type Callbacks, type Capture, isWithin, type Scope } from './callbacks.js';
import {
  abandonedError,
  brokenError,
  committingError,
  endedError,
  misusedError,
  rollbackRequestedError,
} from './failure.js';
import type { Line } from './line.js';
import { endsTransaction } from './server-errors.js';
import { carrierOf, type DriverConnection, type OpenTransaction } from './statements.js';
import type { TransactionSignals } from './transaction-signals.js';
import { Turns } from './turns.js';

/** Whether a query writes. It is asked where that matters: to read a statement takes its time. */
export type Writes = () => boolean;

/** What a block needs of the installed database that it belongs to. */
export interface Host {
  readonly alias: string;
  readonly sequelize: Sequelize;
  readonly Transaction: BlockTransactionClass<Block>;
  /** What makes an outermost block real. */
  back(block: Block): Backing;
  /** The outermost blocks that have not ended. */
  readonly openBlocks: Set<Block>;
  /** Runs `body` in a flow whose current block is `block`. */
  enter<Result>(block: Block, body: () => Result): Result;
  /** Runs `body` in a flow without a current block. */
  outside<Result>(body: () => Result): Result;
  /** Commits an outermost block, unless a test asks for a commit that fails. */
  commit(backing: Backing): Promise<boolean>;
  /** Who captures the callbacks of the current flow. */
  capture(): Capture | undefined;
  /** The innermost open block around the current flow that uses `connection`, also where `outside` hides it. */
  holderOf(connection: DriverConnection): Block | undefined;
}

/** What makes an outermost block real: a transaction of its own, or what a test puts in its place. */
export interface Backing {
  /** Whether callbacks wait for a commit that never comes, as in Django's tests. */
  readonly holdsCallbacks: boolean;
  /** Whether it may begin before it has to: that keeps nobody waiting. */
  readonly beginsAhead: boolean;
  begin(): Promise<void>;
  /** Resolves to whether the work is really stored; when it rejects, the work is undone. */
  commit(): Promise<boolean>;
  rollback(): Promise<void>;
}

/** Why the transaction cannot go on: an error, or `setRollback(true)`. */
export interface Failure {
  readonly block: Block;
  readonly error: unknown;
  readonly requested: boolean;
  /** Whether the server has ended the transaction, so that no savepoint saves it. */
  readonly final: boolean;
}

/** Whoever has set a savepoint. */
export interface SavepointOwner extends Scope {
  /** Notes a write of `writer`, beside this owner, that a rollback to its savepoint would undo. */
  overlappedBy(writer: Block): void;
}

/** What the levels of one transaction share: Django's state of a connection (D-207). */
export interface Trunk extends Block {
  readonly parent: undefined;
  readonly callbacks: Callbacks;
  /** Whether it may begin before it has to. */
  readonly beginsAhead: boolean;
  /** Sends its queries. */
  readonly line: Line;
  failure: Failure | undefined;
  /** The signals of this transaction alone, once somebody asked for them. */
  signals: TransactionSignals | undefined;
  /** The last error of a query, for a COMMIT that the server turns into a ROLLBACK. */
  lastError: unknown;
  /** Who has set a savepoint, the oldest first: each is undone with those before it. */
  readonly savepoints: SavepointOwner[];
  /** A name for a savepoint that no other of this transaction has (sequelize#18207). */
  nextSavepoint(): string;
}

/** How a block came to be. */
export interface BlockOptions {
  readonly name: BlockName;
  /** Whether the block ends with a function, or by a call of commit() or rollback(). */
  readonly managed: boolean;
  /**
   * Whether it is a transaction of Sequelize: `commit` and `rollback` may be called on it, and after
   * a failed query it goes on as the server lets it, where an atomic block is broken.
   */
  readonly raw: boolean;
}

/**
 * One level of a transaction while it is open. What differs between the outermost level, a
 * savepoint and a level without one is left to the classes that extend this one: how it begins,
 * how its work is kept, and how it is undone.
 */
export abstract class Block implements SavepointOwner, TransactionOwner {
  abstract readonly parent: Block | undefined;
  abstract readonly trunk: Trunk;
  /** What Sequelize gets for the queries of this block. */
  abstract readonly transaction: OpenTransaction;

  readonly host: Host;
  protected readonly options: BlockOptions;
  #state: 'open' | 'closing' | 'ended' = 'open';
  #turns: Turns | undefined;
  #children: Set<Block> | undefined;
  #underWay = 0;
  #quiet: (() => void) | undefined;
  #ended: (() => void) | undefined;
  #carrier: OpenTransaction | undefined;

  constructor(host: Host, options: BlockOptions) {
    this.host = host;
    this.options = options;
  }

  /** Sends what makes the block real, once. Returns nothing to wait for when that is done. */
  abstract start(): Promise<void> | undefined;
  /** Keeps the work of the block, whose queries are through. */
  protected abstract keep(): Promise<void>;
  /** Undoes the work of the block, whose queries are through. */
  protected abstract undo(cause: unknown): Promise<void>;

  /** Tells those who wait for the end of the block, once it has ended. */
  protected announce(): Promise<void> | undefined {
    return undefined;
  }

  get label(): string {
    return this.options.name.label;
  }

  /** Whether it ends with a function, or by a call of commit() or rollback(). */
  get managed(): boolean {
    return this.options.managed;
  }

  get open(): boolean {
    return this.#state === 'open';
  }

  /** Whether its work was kept: for the outermost level that it was committed. */
  get stored(): boolean {
    return this.transaction.finished === 'commit';
  }

  /** Runs `body` in this block; keeps its work when it resolves, and undoes it when it rejects. */
  async run<Result>(
    body: (transaction: OpenTransaction) => Result | PromiseLike<Result>,
  ): Promise<Result> {
    let result: Result;
    try {
      result = await this.host.enter(this, () => body(this.transaction));
    } catch (error) {
      // What the application threw is what it gets, whatever the rollback says (D-221).
      if (this.open) await this.fail(error).catch(() => {});
      throw error;
    }
    await this.complete();
    return result;
  }

  /** Runs `body` after the blocks that were started earlier inside this one. */
  async inTurn<Result>(
    child: { readonly label: string },
    body: () => Promise<Result>,
  ): Promise<Result> {
    this.#turns ??= new Turns();
    const end = await this.#turns.take(child);
    try {
      this.assertOpen();
      return await body();
    } finally {
      end();
    }
  }

  /**
   * Lends the savepoint stack to work that is no block of this transaction and still has no other
   * connection. This block does not end before the returned function gives it back.
   */
  async lend(borrower: { readonly label: string }): Promise<() => void> {
    this.#turns ??= new Turns();
    const end = await this.#turns.take(borrower);
    this.#underWay += 1;
    return () => {
      end();
      this.#oneLess();
    };
  }

  /** Has the block begin, for a query that is to be sent next. */
  begin(): Promise<void> | undefined {
    const starting = this.start();
    return starting && this.#orBreak(starting);
  }

  async #orBreak(starting: Promise<void>): Promise<void> {
    try {
      await starting;
    } catch (error) {
      (this.parent ?? this).breakBy(error);
      throw error;
    }
  }

  /**
   * Has the block begin while its first query is still being built: the server works meanwhile.
   * That this failed is for the query to find out, and for nobody if there comes none.
   */
  beginAhead(): void {
    const { trunk } = this;
    if (!trunk.beginsAhead || !this.open || trunk.failure) return;
    const starting = this.start();
    if (starting === undefined) return;

    this.#underWay += 1;
    const done = () => this.#oneLess();
    starting.then(done, done);
  }

  /** Sends one query of this block, for which `send` gets the transaction to name. */
  async query<Result>(
    writes: Writes,
    send: (transaction: OpenTransaction) => Promise<Result>,
  ): Promise<Result> {
    this.assertSound();
    this.#underWay += 1;
    try {
      const beginning = this.begin();
      if (beginning !== undefined) await beginning;
      return await this.trunk.line.send(() => {
        this.assertSound(); // the query before this one may have broken the block
        this.#noteOverlap(writes);
        return send(this.carrier());
      });
    } finally {
      this.#oneLess();
    }
  }

  /** Sends what makes the block sound again, which a broken one may do as well. */
  async restore(send: () => Promise<void>): Promise<void> {
    this.assertOpen();
    this.#underWay += 1;
    try {
      await this.trunk.line.send(send);
    } finally {
      this.#oneLess();
    }
  }

  #oneLess(): void {
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#quiet?.();
  }

  /** Records that a query of this block failed on the server. */
  queryFailed(error: unknown): void {
    const { trunk } = this;
    trunk.lastError = error;
    if (endsTransaction(error)) {
      trunk.failure = { block: trunk, error, requested: false, final: true };
    } else if (!this.options.raw) {
      this.breakBy(error);
    }
  }

  /** Lets nothing more run in the transaction, up to the level that undoes this block. */
  breakBy(error: unknown): void {
    this.trunk.failure ??= { block: this, error, requested: false, final: false };
  }

  /** Django's `set_rollback` (D-215, D-216). */
  setRollback(value: boolean): void {
    const { trunk } = this;
    if (value) {
      trunk.failure ??= { block: this, error: undefined, requested: true, final: false };
      return;
    }
    if (trunk.failure?.final) throw brokenError(this, trunk.failure.error);
    trunk.failure = undefined;
  }

  register(callback: () => unknown, robust: boolean): void {
    this.assertOpen();
    this.trunk.callbacks.add(callback, robust, this, this.host.capture());
  }

  /** Throws when nothing new may be started in this block. */
  assertOpen(): void {
    if (this.#state === 'ended') throw endedError(this);
    if (this.#state === 'closing') throw committingError(this);
  }

  /** Throws when no query may be sent in this block. */
  assertSound(): void {
    this.assertOpen();
    const { failure } = this.trunk;
    if (!failure) return;
    throw failure.requested ? rollbackRequestedError(this) : brokenError(this, failure.error);
  }

  async commitByHand(): Promise<void> {
    this.#assertByHand('commit');
    await this.complete();
  }

  async rollbackByHand(): Promise<void> {
    this.#assertByHand('rollback');
    await this.fail(undefined);
  }

  /** Ends the block and keeps its work, or throws why it could not. */
  async complete(): Promise<void> {
    this.assertOpen();
    this.#state = 'closing';
    if (this.#busy) await this.#settle((child) => child.abandon());
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
    this.#state = 'closing';
    if (this.#busy) await this.#settle((child) => child.cutOff());
    try {
      await this.undo(cause);
    } finally {
      this.#end();
    }
  }

  adopt(child: Block): void {
    this.#children ??= new Set();
    this.#children.add(child);
  }

  protected failedInside(): Failure | undefined {
    const { failure } = this.trunk;
    return failure && (failure.final || isWithin(failure.block, this)) ? failure : undefined;
  }

  /**
   * Ends a block that is still open when the one around it ends. One that nobody awaited is undone,
   * for half of its work must not be kept. Sequelize's `findOrCreate` never ends its savepoint;
   * that work is complete and stays.
   */
  async abandon(): Promise<void> {
    if (!this.options.managed) return this.cutOff();
    // What could not be undone has broken the transaction, so that it is rolled back as a whole.
    await this.fail(abandonedError(this)).catch(() => {});
  }

  /** Notes a write of `_writer`, beside this block, that a rollback of this block would undo. */
  overlappedBy(_writer: Block): void {}

  get #busy(): boolean {
    return this.#underWay > 0 || (this.#children?.size ?? 0) > 0;
  }

  /** Ends the blocks inside that are still open, and waits for the queries under way. */
  async #settle(endChild: (child: Block) => Promise<void>): Promise<void> {
    for (const child of this.#children ?? []) {
      await (child.open ? endChild(child) : child.#untilEnded());
    }
    if (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        this.#quiet = resolve;
      });
    }
  }

  /** Ends a block without a statement: the rollback of an enclosing block undoes its work. */
  async cutOff(): Promise<void> {
    this.#state = 'closing';
    if (this.#busy) await this.#settle((child) => child.cutOff());
    this.#end();
  }

  /** Waits for a block that has begun to end. */
  #untilEnded(): Promise<void> {
    return new Promise((resolve) => {
      this.#ended = resolve;
    });
  }

  #end(): void {
    this.#state = 'ended';
    this.#ended?.();
    this.#forgetSavepoint();
    if (this.parent) this.parent.release(this);
    else this.host.openBlocks.delete(this);
  }

  #forgetSavepoint(): void {
    const { savepoints } = this.trunk;
    const index = savepoints.lastIndexOf(this);
    if (index >= 0) savepoints.splice(index, 1);
  }

  release(child: Block): void {
    this.#children?.delete(child);
  }

  #noteOverlap(writes: Writes): void {
    for (const owner of this.trunk.savepoints) {
      if (!isWithin(this, owner) && writes()) owner.overlappedBy(this);
    }
  }

  /** What a query of the begun block names as its transaction. */
  carrier(): OpenTransaction {
    this.#carrier ??= carrierOf(this.transaction);
    return this.#carrier;
  }

  #assertByHand(method: string): void {
    if (!this.options.raw) {
      throw misusedError(
        `${method}() was called on the transaction of ${this.label}, which ends with its function (D-218). ` +
          'Return or throw there, or call transaction.setRollback(true).',
      );
    }
    this.assertOpen();
  }
}
