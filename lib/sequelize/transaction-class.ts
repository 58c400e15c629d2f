import type { Sequelize } from 'sequelize';
import { InvalidArgumentError } from '../base/index.js';
import type { Block } from '../blocks/index.js';
import { endByHand } from './ending.js';
import type { OpenTransaction } from './internals.js';
import { SENT, type SentQuery } from './sent-queries.js';

const BLOCK: unique symbol = Symbol('sequelize-signals.block');

/** Makes Sequelize transactions that leave their ends and their callbacks to their block. */
export type BlockTransactionClass = new (
  sequelize: Sequelize,
  options: object,
  block: Block,
) => OpenTransaction;

/**
 * Extends the application's own `Transaction` class: `instanceof` holds, and `commit`, `rollback`
 * and `afterCommit` do what their names say. Sequelize runs `afterCommit` hooks also when COMMIT
 * failed, and for a savepoint at once (sequelize#14902).
 */
export function blockTransactionClass(
  base: new (sequelize: Sequelize, options: object) => OpenTransaction,
): BlockTransactionClass {
  // Named as what it is to users. To define the name later would change the shape of the class, and
  // V8 would then throw away each try to compile what calls super() in it, and try again for ever.
  class Transaction extends base {
    declare readonly [BLOCK]: Block;
    declare [SENT]: SentQuery | undefined;

    constructor(sequelize: Sequelize, options: object, block: Block) {
      super(sequelize, options);
      this[BLOCK] = block;
      this[SENT] = undefined;
    }

    override commit(): Promise<void> {
      return endByHand(this[BLOCK], this, 'commit', super.commit);
    }

    override rollback(): Promise<void> {
      return endByHand(this[BLOCK], this, 'rollback', super.rollback);
    }

    /** Sequelize's own commit() gives the connection back, where somebody else may have it by now. */
    override cleanup(): void {
      if (!this[BLOCK].ended) super.cleanup();
    }

    override async forceCleanup(): Promise<void> {
      if (!this[BLOCK].ended) await super.forceCleanup();
    }

    override afterCommit(callback: (transaction: this) => unknown): void {
      if (typeof callback !== 'function') {
        throw new InvalidArgumentError('afterCommit(callback) needs a function.');
      }
      const named = this[BLOCK];
      named.blocks.innermostIn(named).register(() => callback.call(this, this), { robust: false });
    }
  }
  return Transaction;
}

/** Makes a transaction that the application's own `sequelize.transaction()` made stand for a block. */
export function standFor(
  block: Block,
  transaction: OpenTransaction,
  Class: BlockTransactionClass,
): OpenTransaction {
  Object.setPrototypeOf(transaction, Class.prototype);
  Object.assign(transaction, { [BLOCK]: block });
  return transaction;
}

/** A transaction that stands for the same block, and on which nothing can be ended. */
export function copyOf(transaction: OpenTransaction): OpenTransaction {
  // Not an object that inherits from it: one prototype for each makes all use of transactions slow.
  const copy: OpenTransaction = Object.create(Object.getPrototypeOf(transaction));
  return Object.assign(copy, transaction, { rollback: async () => {} });
}

/** The block that a transaction stands for; undefined for one that the library did not make. */
export function blockOf(transaction: object): Block | undefined {
  return (transaction as { readonly [BLOCK]?: Block })[BLOCK];
}

/** The transaction that stands for a block. */
export function transactionOf(block: Pick<Block, 'handle'>): OpenTransaction {
  return block.handle as OpenTransaction;
}
