import type { Transaction, TransactionOptions } from 'sequelize';
import { FlowValue, obtain } from '../base/index.js';
import { type Block, BlockName, Lock } from '../blocks/index.js';
import { type Database, dialectOf, holderOfMemory, transactionOf } from '../sequelize/index.js';
import { atomic } from './namespace.js';

type Body<Result> = (transaction: Transaction) => Promise<Result>;

/**
 * Runs `body` as one block without a savepoint, in the block of a `transaction` option or in a
 * transaction of its own: when it fails, nothing of what it did is kept (D-147, D-188).
 */
export async function inOneBlock<Result>(
  database: Database,
  transaction: Transaction | null | undefined,
  body: Body<Result>,
): Promise<Result> {
  const around = database.blockForCall(transaction);
  if (around) return runInside(database, around, false, body);
  // The statement is sent in that transaction, whoever it belongs to, and must not break it.
  const beside = holderOfMemory(database.blocks, database.sequelize);
  return beside ? runInside(database, beside, true, body) : runOutermost(database, {}, body);
}

/**
 * As `inOneBlock`, but with a savepoint: the block around it can go on when it fails.
 *
 * @param options - of a transaction of its own.
 */
export async function inSavepoint<Result>(
  database: Database,
  transaction: Transaction | null | undefined,
  options: TransactionOptions,
  body: Body<Result>,
): Promise<Result> {
  const around =
    database.blockForCall(transaction) ?? holderOfMemory(database.blocks, database.sequelize);
  return around ? runInside(database, around, true, body) : runOutermost(database, options, body);
}

function runInside<Result>(
  database: Database,
  around: Block,
  savepoint: boolean,
  body: Body<Result>,
): Promise<Result> {
  // The current block is not named: one without a savepoint has the transaction of the block around it.
  const parent = around === database.blocks.current() ? undefined : transactionOf(around);
  return atomic({ using: database.sequelize, savepoint, transaction: parent }, body);
}

function runOutermost<Result>(
  database: Database,
  options: TransactionOptions,
  body: Body<Result>,
): Promise<Result> {
  const name = new BlockName('atomic block', '');
  if (!dialectOf(database.sequelize).hasOneWriter) return runIn(database, options, name, body);

  // SQLite refuses a transaction that read before another one wrote: this one locks the others out first.
  const ofWriter: object = { type: 'IMMEDIATE', ...options };
  return obtain(writers, database, () => new Writers()).inTurn(name, () =>
    runIn(database, ofWriter, name, body),
  );
}

function runIn<Result>(
  database: Database,
  options: object,
  name: BlockName,
  body: Body<Result>,
): Promise<Result> {
  const block = database.blocks.openIn(undefined, options, {
    name,
    kind: 'atomic',
    endsByHand: false,
    savepoint: false,
  });
  return block.run(() => body(transactionOf(block)));
}

const writers = new WeakMap<Database, Writers>();

/**
 * Lets the blocks that calls open by themselves come one after another on SQLite, which has one
 * writer at a time: a program that deletes rows side by side knows of no transaction. Waiting in
 * the driver would hold up the threads that the writer needs.
 */
class Writers {
  readonly #lock = new Lock();
  readonly #inside = new FlowValue<true>();

  async inTurn<Result>(writer: BlockName, write: () => Promise<Result>): Promise<Result> {
    // Whoever is started by a writer must not wait for its end.
    if (this.#inside.get()) return write();

    const letGo = await this.#lock.acquire(writer);
    try {
      return await this.#inside.run(true, write);
    } finally {
      letGo();
    }
  }
}
