import type { Sequelize, Transaction } from 'sequelize';
import { InvalidArgumentError, SignalsError } from '../base/index.js';
import { type Block, type BlockObserver, Blocks, foreignError } from '../blocks/index.js';
import { writeAddedValues } from './added-values.js';
import { ApplicationNamespace, giveNamespace } from './cls-slot.js';
import { interceptEnds } from './ending.js';
import { queryInterfaceOf } from './internals.js';
import { interceptOwnCascades } from './own-cascades.js';
import { pool } from './pool.js';
import { interceptQueries } from './queries.js';
import { rememberSentQueries } from './sent-queries.js';
import { SequelizeDriver } from './sequelize-driver.js';
import { interceptTransactions } from './transaction-calls.js';
import { type BlockTransactionClass, blockOf, transactionOf } from './transaction-class.js';

/** What an application may choose for a database. */
export interface DatabaseOptions {
  /** Whether queries join the transaction of `sequelize.transaction(callback)` without naming it. */
  readonly useCLS: boolean;
  /** Who deletes what depends on a deleted row: this library, or left out, the database. */
  readonly cascades?: 'signals' | undefined;
}

/** An installed Sequelize instance: its blocks, and which of them each of its calls belongs to. */
export class Database {
  readonly alias: string;
  readonly sequelize: Sequelize;
  readonly blocks: Blocks;
  /** The class of the transactions that stand for blocks. */
  readonly Transaction: BlockTransactionClass;
  readonly options: DatabaseOptions;
  readonly #undos: readonly (() => void)[];

  /** @param observer - is told what becomes of the transactions. */
  constructor(
    alias: string,
    sequelize: Sequelize,
    options: DatabaseOptions,
    observer: BlockObserver,
  ) {
    this.alias = alias;
    this.sequelize = sequelize;
    this.options = options;
    const driver = new SequelizeDriver(sequelize);
    this.Transaction = driver.Transaction;
    this.blocks = new Blocks({
      alias,
      driver,
      pool,
      application: new ApplicationNamespace(sequelize, ({ blocks }) => blocks === this.blocks),
      observer,
    });
    this.#undos = [
      giveNamespace(sequelize, () => this.#joined()),
      rememberSentQueries(sequelize),
      interceptQueries(this),
      interceptTransactions(this),
      interceptEnds(queryInterfaceOf(sequelize)),
      writeAddedValues(sequelize),
      interceptOwnCascades(sequelize, options.cascades),
    ];
  }

  /** The transaction that a query joins which names none. */
  joinedTransaction(): Transaction | undefined {
    const block = this.blocks.joined();
    return block && transactionOf(block);
  }

  /** What a model joins. It asks before it builds its query, and the block can begin meanwhile. */
  #joined(): Transaction | undefined {
    const block = this.blocks.joined();
    block?.beginAhead();
    return block && transactionOf(block);
  }

  /**
   * The block that a call of this library with this `transaction` option belongs to: the innermost
   * one of its flow in that transaction, as a connection has one stack of savepoints, or without the
   * option the current block. `null` opts out.
   *
   * @throws when the transaction belongs to another database, or to nobody.
   */
  blockFor(transaction: Transaction | null | undefined): Block | undefined {
    if (transaction === undefined) return this.blocks.current();
    const block = this.blockOfQuery(transaction);
    if (block || !transaction) return block;
    throw foreignError(
      `The transaction given to a call of the database "${this.alias}" was not begun by it after install(). ` +
        'Begin it with atomic() or sequelize.transaction() of the installed instance.',
    );
  }

  /**
   * The block that a query with this `transaction` option belongs to: as `blockFor`, but those of a
   * transaction that was begun before `install` are not ours, and without the option it may be
   * another one. Anything false but `undefined` opts out, as in Sequelize.
   */
  blockOfQuery(transaction: Transaction | null | undefined): Block | undefined {
    if (transaction === undefined) return this.blocks.joined();
    const named = this.blockNamed(transaction);
    return named && this.blocks.innermostIn(named);
  }

  /** The block that `transaction` stands for, if it is one of ours. */
  blockNamed(transaction: Transaction | null | undefined): Block | undefined {
    if (!transaction) return undefined;
    if (typeof transaction !== 'object') {
      throw new InvalidArgumentError(
        'The option "transaction" must be a Transaction of Sequelize.',
      );
    }
    // Sequelize itself passes a bare { connection } while it asks for the server's version.
    const { sequelize = this.sequelize } = transaction as { sequelize?: Sequelize };
    if (sequelize === this.sequelize) return blockOf(transaction);
    throw foreignError(
      `The transaction given to a call of the database "${this.alias}" belongs to another database. ` +
        'Pass a transaction of the same Sequelize instance, or none.',
    );
  }

  /** As `blockFor`, for a call of Sequelize: without the option it joins what its queries join. */
  blockForCall(transaction: Transaction | null | undefined): Block | undefined {
    return transaction === undefined ? this.blocks.joined() : this.blockFor(transaction);
  }

  /** Runs the function of a transaction of Sequelize. */
  enterTransaction<Result>(block: Block, body: () => Result): Result {
    const { blocks, options } = this;
    return options.useCLS ? blocks.enter(block, body) : blocks.enterUnjoined(block, body);
  }

  /** Runs `body` in the flow of a query with this `transaction` option, whose block it joins. */
  within<Result>(transaction: Transaction | null | undefined, body: () => Result): Result {
    const { blocks } = this;
    const block = this.blockOfQuery(transaction);
    if (block === blocks.current() && block === blocks.joined()) return body();
    return block ? blocks.enter(block, body) : blocks.outside(body);
  }

  /**
   * Gives the Sequelize instance its own methods back.
   *
   * @throws when a transaction is open, be it that of a test, or is to be tried again.
   */
  uninstall(): void {
    const [open] = this.blocks.open;
    if (open) throw this.#inUseError(`has open transactions, among them ${open.label}`);
    const pending = [...this.blocks.pending].find(({ kept }) => !kept);
    if (pending) throw this.#inUseError(`may have to run ${pending.label} again`);
    if (this.blocks.seam.isInTest) throw this.#inUseError('is in the transaction of a test');
    for (const undo of [...this.#undos].reverse()) undo();
  }

  #inUseError(what: string): SignalsError {
    return new SignalsError(
      'SIGNALS_IN_USE',
      `The database "${this.alias}" ${what}. Let that end before uninstall().`,
    );
  }
}
