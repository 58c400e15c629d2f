import type { Sequelize, Transaction } from 'sequelize';
import { FlowValue, InvalidArgumentError, SignalsError } from '../base/index.js';
import type { Backing, Block, BlockOptions, Host } from './block.js';
import { type BlockTransactionClass, blockTransactionClass, ownerOf } from './block-transaction.js';
import { type Callback, type Capture, isWithin } from './callbacks.js';
import { foreignError } from './failure.js';
import { type Ground, pool } from './ground.js';
import { MergedBlock } from './merged-block.js';
import { OutermostBlock } from './outermost-block.js';
import { SavepointBlock } from './savepoint-block.js';
import {
  applicationTransaction,
  giveNamespace,
  runWithApplicationTransaction,
} from './sequelize-cls.js';
import { interceptQueries, interceptTransactions } from './sequelize-methods.js';
import type { DriverConnection } from './statements.js';

/** What a flow knows of one database: its block, or that it runs outside, and what it did before. */
interface Frame {
  readonly block: Block | undefined;
  readonly outer: Frame | undefined;
}

/** The innermost frame whose block is open: a flow that goes on for ever must not keep all its past. */
function openFrame(frame: Frame | undefined): Frame | undefined {
  let open = frame;
  while (open && !open.block?.open) open = open.outer;
  return open;
}

/** Ends a commit in a way of its own, in place of `backing.commit()`. */
export type CommitFault = (backing: Backing) => Promise<boolean>;

/** An installed Sequelize instance: which block a flow is in, and how its queries get there. */
export class Database implements Host {
  readonly alias: string;
  readonly sequelize: Sequelize;
  readonly Transaction: BlockTransactionClass<Block>;
  readonly #flow = new FlowValue<Frame>();
  readonly openBlocks: Set<Block> = new Set();
  /** What a test wants to happen to the next commits, in this order. */
  readonly commitFaults: CommitFault[] = [];
  /** Who captures the callbacks of a flow. */
  readonly captures: FlowValue<Capture> = new FlowValue();
  /** What a flow stands on, where that is not what the others stand on. */
  readonly groundOfFlow: FlowValue<Ground> = new FlowValue();
  /** What outermost blocks and other queries stand on. Tests put something else in its place. */
  commonGround: Ground = pool;
  readonly #undo: (() => void)[];

  constructor(alias: string, sequelize: Sequelize) {
    this.alias = alias;
    this.sequelize = sequelize;
    this.Transaction = blockTransactionClass<Block>(
      (sequelize.constructor as unknown as { Transaction: unknown }).Transaction,
    );
    this.#undo = [
      giveNamespace(sequelize, () => this.#joined()),
      interceptQueries(sequelize, this),
      interceptTransactions(sequelize, this),
    ];
  }

  get ground(): Ground {
    return this.groundOfFlow.get() ?? this.commonGround;
  }

  back(block: Block): Backing {
    return this.ground.back(block);
  }

  commit(backing: Backing): Promise<boolean> {
    const fault = this.commitFaults.shift();
    return fault ? fault(backing) : backing.commit();
  }

  capture(): Capture | undefined {
    const capture = this.captures.get();
    return capture?.active ? capture : undefined;
  }

  /** Queues a callback; false when there is no commit to wait for, and it is to run at once. */
  queue(callback: Callback, robust: boolean, block: Block | undefined): boolean {
    if (block) {
      block.register(callback, robust);
      return true;
    }
    return this.capture()?.takes(callback, robust) ?? this.ground.holdsCallbacks;
  }

  /** Gives the Sequelize instance its own methods back. */
  uninstall(): void {
    const [open] = this.openBlocks;
    if (open) throw this.#inUseError(`has open transactions, among them ${open.label}`);
    if (this.commonGround !== pool) throw this.#inUseError('is in the transaction of a test');
    for (const undo of this.#undo.reverse()) undo();
  }

  /** What a model joins. It asks before it builds its query, and the block can begin meanwhile. */
  #joined(): Transaction | undefined {
    const block = this.current();
    block?.beginAhead();
    return block?.transaction;
  }

  /** The innermost block of the current flow, which may have ended. */
  current(): Block | undefined {
    const own = this.#flow.get()?.block;
    const given = applicationTransaction(this.sequelize);
    if (!given) return own;

    const bound = ownerOf<Block>(given);
    if (!bound || bound.host !== this || isWithin(own, bound)) return own;
    return bound;
  }

  /**
   * The block that a call with this `transaction` option belongs to: the one it stands for, or
   * without the option the current one. `null` opts out, as in Sequelize.
   *
   * @throws when the transaction belongs to another database, or to nobody.
   */
  blockFor(transaction: Transaction | null | undefined): Block | undefined {
    const block = this.blockOfQuery(transaction);
    if (block || !transaction) return block;
    throw foreignError(
      `The transaction given to a call of the database "${this.alias}" was not begun by it after install(). ` +
        'Begin it with atomic() or sequelize.transaction() of the installed instance.',
    );
  }

  /** As `blockFor`, for queries: those of a transaction that was begun before `install` are not ours. */
  blockOfQuery(transaction: Transaction | null | undefined): Block | undefined {
    if (transaction === undefined) return this.current();
    if (transaction === null) return undefined;
    if (typeof transaction !== 'object') {
      throw new InvalidArgumentError(
        'The option "transaction" must be a Transaction of Sequelize.',
      );
    }
    // Sequelize itself passes a bare { connection } while it asks for the server's version.
    const { sequelize = this.sequelize } = transaction as { sequelize?: Sequelize };
    if (sequelize === this.sequelize) return this.#holderOfTransaction(transaction);
    throw foreignError(
      `The transaction given to a call of the database "${this.alias}" belongs to another database. ` +
        'Pass a transaction of the same Sequelize instance, or none.',
    );
  }

  /**
   * As `blockFor`, but the current block where that is inside of it: what is started there must
   * not wait for its end (S21).
   */
  innermostFor(transaction: Transaction | null | undefined): Block | undefined {
    return this.#innermost(this.blockFor(transaction));
  }

  /** Runs `body` in the flow of a query with this `transaction` option. */
  within<Result>(transaction: Transaction | null | undefined, body: () => Result): Result {
    const block = this.#innermost(this.blockOfQuery(transaction));
    if (block === this.current()) return body();
    return block ? this.enter(block, body) : this.outside(body);
  }

  enter<Result>(block: Block, body: () => Result): Result {
    return this.#run(block, body);
  }

  outside<Result>(body: () => Result): Result {
    // The first context that is entered slows every promise of the process, before Node 24.
    const isOutside = this.#flow.get() === undefined && !applicationTransaction(this.sequelize);
    return isOutside ? body() : this.#run(undefined, body);
  }

  holderOf(connection: DriverConnection): Block | undefined {
    return this.findAround(({ trunk }) => trunk.transaction.connection === connection);
  }

  /** The innermost open block around the current flow that is wanted, also where `outside` hides it. */
  findAround(wanted: (block: Block) => boolean): Block | undefined {
    for (let frame = this.#flow.get(); frame; frame = frame.outer) {
      for (let block = frame.block; block; block = block.parent) {
        if (block.open && block.trunk.open && wanted(block)) return block;
      }
    }
    return undefined;
  }

  /** Opens a block inside `parent`, or an outermost one. */
  open(
    parent: Block | undefined,
    transactionOptions: object,
    options: BlockOptions & { readonly savepoint: boolean },
  ): Block {
    if (!parent) return new OutermostBlock(this, transactionOptions, options);
    // A savepoint in a broken transaction could not be made (D-212).
    if (!options.savepoint || parent.trunk.failure) return new MergedBlock(parent, options);
    return new SavepointBlock(parent, transactionOptions, options);
  }

  #innermost(block: Block | undefined): Block | undefined {
    const current = this.current();
    return block && current?.open && isWithin(current, block) ? current : block;
  }

  #holderOfTransaction(transaction: Transaction): Block | undefined {
    // A block without a savepoint shares the transaction of the block around it.
    const current = this.current();
    if (current?.open && current.transaction === transaction) return current;
    return ownerOf<Block>(transaction);
  }

  #inUseError(what: string): SignalsError {
    return new SignalsError(
      'SIGNALS_IN_USE',
      `The database "${this.alias}" ${what}. Let that end before uninstall().`,
    );
  }

  #run<Result>(block: Block | undefined, body: () => Result): Result {
    const frame = { block, outer: openFrame(this.#flow.get()) };
    return this.#flow.run(frame, () =>
      runWithApplicationTransaction(this.sequelize, block?.transaction, body),
    );
  }
}
