import type { Sequelize, Transaction as SequelizeTransaction } from 'sequelize';
import { InvalidArgumentError } from '../base/index.js';
import type { OpenTransaction } from './statements.js';

const BLOCK: unique symbol = Symbol('sequelize-signals.block');

/** What a transaction asks of the block that it stands for. */
export interface TransactionOwner {
  commitByHand(): Promise<void>;
  rollbackByHand(): Promise<void>;
  register(callback: () => unknown, robust: boolean): void;
}

/** Makes Sequelize transactions that leave their ends and their callbacks to their block. */
export type BlockTransactionClass<Owner extends TransactionOwner> = new (
  sequelize: Sequelize,
  options: object,
  owner: Owner,
) => OpenTransaction;

type TransactionClass = new (sequelize: Sequelize, options: object) => SequelizeTransaction;

/**
 * Extends the user's own `Transaction` class: `instanceof` holds, and `commit`, `rollback` and
 * `afterCommit` do what their names say. Sequelize runs `afterCommit` hooks also when COMMIT
 * failed, and for a savepoint at once (sequelize#14902).
 */
export function blockTransactionClass<Owner extends TransactionOwner>(
  base: unknown,
): BlockTransactionClass<Owner> {
  // Named as what it is to users. To define the name later would change the shape of the class, and
  // V8 would then throw away each try to compile what calls super() in it, and try again for ever.
  class Transaction extends (base as TransactionClass) {
    declare readonly [BLOCK]: Owner;

    constructor(sequelize: Sequelize, options: object, owner: Owner) {
      super(sequelize, options);
      this[BLOCK] = owner;
    }

    override commit(): Promise<void> {
      return this[BLOCK].commitByHand();
    }

    override rollback(): Promise<void> {
      return this[BLOCK].rollbackByHand();
    }

    override afterCommit(callback: (transaction: this) => unknown): void {
      if (typeof callback !== 'function') {
        throw new InvalidArgumentError('afterCommit(callback) needs a function.');
      }
      this[BLOCK].register(() => callback.call(this, this), false);
    }
  }
  return Transaction as unknown as BlockTransactionClass<Owner>;
}

/** The block that `transaction` stands for; undefined for one that the library did not make. */
export function ownerOf<Owner extends TransactionOwner>(transaction: object): Owner | undefined {
  return (transaction as { readonly [BLOCK]?: Owner })[BLOCK];
}
