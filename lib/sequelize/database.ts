import type { Sequelize, Transaction } from 'sequelize';
import { InvalidArgumentError, SignalsError } from '../base/index.js';
import { type Block, type BlockObserver, Blocks, foreignError } from '../blocks/index.js';
import { ApplicationNamespace, giveNamespace } from './cls-slot.js';
import { pool } from './pool.js';
import { interceptQueries } from './queries.js';
import { SequelizeDriver } from './sequelize-driver.js';
import { interceptTransactions } from './transaction-calls.js';
import { blockOf, transactionOf } from './transaction-class.js';

/** An installed Sequelize instance: its blocks, and which of them each of its calls belongs to. */
export class Database {
  readonly alias: string;
  readonly sequelize: Sequelize;
  readonly blocks: Blocks;
  readonly #undos: readonly (() => void)[];

  /** @param observer - is told what becomes of the transactions. */
  constructor(alias: string, sequelize: Sequelize, observer: BlockObserver) {
    this.alias = alias;
    this.sequelize = sequelize;
    this.blocks = new Blocks({
      alias,
      driver: new SequelizeDriver(sequelize),
      pool,
      application: new ApplicationNamespace(sequelize, ({ blocks }) => blocks === this.blocks),
      observer,
    });
    this.#undos = [
      giveNamespace(sequelize, () => this.#joined()),
      interceptQueries(this),
      interceptTransactions(this),
    ];
  }

  /** The transaction of the current block. */
  currentTransaction(): Transaction | undefined {
    const block = this.blocks.current();
    return block && transactionOf(block);
  }

  /** What a model joins. It asks before it builds its query, and the block can begin meanwhile. */
  #joined(): Transaction | undefined {
    const block = this.blocks.current();
    block?.beginAhead();
    return block && transactionOf(block);
  }

  /**
   * The block that a call with this `transaction` option belongs to: the innermost one of its flow
   * in that transaction, as a connection has one stack of savepoints, or without the option the
   * current block. `null` opts out, as in Sequelize.
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
    if (transaction === undefined) return this.blocks.current();
    const named = this.blockNamed(transaction);
    return named && this.blocks.innermostIn(named);
  }

  /** The block that `transaction` stands for, if it is one of ours. */
  blockNamed(transaction: Transaction | null | undefined): Block | undefined {
    if (transaction === undefined || transaction === null) return undefined;
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

  /** Runs `body` in the flow of a query with this `transaction` option. */
  within<Result>(transaction: Transaction | null | undefined, body: () => Result): Result {
    const { blocks } = this;
    const block = this.blockOfQuery(transaction);
    if (block === blocks.current()) return body();
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
    const pending = [...this.blocks.pending].find(({ stored }) => !stored);
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
