import type { Sequelize } from 'sequelize';
import type { Block, Driver, Handle, Outcome } from '../blocks/index.js';
import { dialectOf } from './dialects.js';
import { explainForgotten } from './implicit-commits.js';
import { hasQueryHooks, type OpenTransaction, transactionClassOf } from './internals.js';
import { isAborted } from './server-errors.js';
import {
  CONTROL,
  dropSavepoint,
  joinsStatements,
  releaseSavepoint,
  replaceSavepoint,
  rollbackToSavepoint,
  setSavepoint,
} from './statements.js';
import {
  type BlockTransactionClass,
  blockTransactionClass,
  copyOf,
  standFor,
} from './transaction-class.js';

/** Among the options of a handle: the transaction, where the application has made it. */
export const ADOPTED: unique symbol = Symbol('adopted');

interface HandleOptions {
  readonly [ADOPTED]?: OpenTransaction;
}

/** Does for blocks what they need of Sequelize; their handles are its transactions. */
export class SequelizeDriver implements Driver {
  readonly #sequelize: Sequelize;
  readonly Transaction: BlockTransactionClass;

  constructor(sequelize: Sequelize) {
    this.#sequelize = sequelize;
    this.Transaction = blockTransactionClass(transactionClassOf(sequelize));
  }

  makeHandle(block: Block, options: HandleOptions): Handle {
    const { [ADOPTED]: adopted } = options;
    if (!adopted)
      return new this.Transaction(this.#sequelize, { [CONTROL]: true, ...options }, block);

    Object.assign(adopted.options, { [CONTROL]: true });
    return standFor(block, adopted, this.Transaction);
  }

  makeSavepointHandle(block: Block, options: HandleOptions, parent: Handle, name: string): Handle {
    const { [ADOPTED]: adopted } = options;
    if (adopted) {
      adopted.parent?.savepoints.pop();
      adopted.parent = opened(parent);
      adopted.name = name;
      return standFor(block, adopted, this.Transaction);
    }
    const inside = { transaction: parent, ...options };
    const transaction = new this.Transaction(this.#sequelize, inside, block);
    // Sequelize counts the savepoints of a parent to name the next one, and keeps them all.
    opened(parent).savepoints.pop();
    transaction.name = name;
    return transaction;
  }

  /**
   * After a deadlock Sequelize would roll some transactions back and give their connections away:
   * queries name a copy of them, on which that is harmless, since a block does it in its own time.
   */
  queryHandleOf(handle: Handle): Handle {
    if (!dialectOf(this.#sequelize).isRolledBackBySequelize) return handle;
    return copyOf(opened(handle));
  }

  idOf(handle: Handle): string {
    return opened(handle).id;
  }

  shareConnection(handle: Handle, other: Handle): void {
    opened(handle).connection = opened(other).connection;
  }

  noteOutcome(handle: Handle, outcome: Outcome): void {
    opened(handle).finished = outcome === 'kept' ? 'commit' : 'rollback';
  }

  setSavepoint(root: Handle, name: string, level: Handle = root): Promise<unknown> {
    return setSavepoint(opened(root), name, opened(level).options);
  }

  releaseSavepoint(root: Handle, name: string, level: Handle = root): Promise<unknown> {
    return releaseSavepoint(opened(root), name, opened(level).options).catch(
      explainForgotten(opened(root), name),
    );
  }

  rollbackToSavepoint(root: Handle, name: string, level: Handle = root): Promise<unknown> {
    return rollbackToSavepoint(opened(root), name, opened(level).options).catch(
      explainForgotten(opened(root), name),
    );
  }

  replaceSavepoint(root: Handle, released: string, name: string): Promise<unknown> {
    return replaceSavepoint(opened(root), released, name);
  }

  dropSavepoint(root: Handle, name: string): Promise<unknown> {
    return dropSavepoint(opened(root), name);
  }

  joins(root: Handle, level: Handle = root): boolean {
    return joinsStatements(opened(root), opened(level).options);
  }

  isKnownSound(root: Handle): boolean {
    const { connection } = opened(root);
    return connection?.readyForQuery === true && connection.getTransactionStatus?.() === 'T';
  }

  isAborted(error: unknown): boolean {
    return isAborted(error);
  }

  queriesNest(): boolean {
    return hasQueryHooks(this.#sequelize);
  }
}

function opened(handle: Handle): OpenTransaction {
  return handle as OpenTransaction;
}
