import type { Transaction } from 'sequelize';
import type { Database } from './database.js';
import { atomic } from './transaction.js';

type Body<Result> = (transaction: Transaction) => Promise<Result>;

/**
 * Runs `body` as one block without a savepoint, in the block of a `transaction` option or in a
 * transaction of its own: when it fails, nothing of what it did is kept (D-147, D-188).
 */
export function inOneBlock<Result>(
  database: Database,
  transaction: Transaction | null | undefined,
  body: Body<Result>,
): Promise<Result> {
  return inBlock(database, transaction, false, body);
}

/** As `inOneBlock`, but with a savepoint: the block around it can go on when it fails. */
export function inSavepoint<Result>(
  database: Database,
  transaction: Transaction | null | undefined,
  body: Body<Result>,
): Promise<Result> {
  return inBlock(database, transaction, true, body);
}

async function inBlock<Result>(
  database: Database,
  transaction: Transaction | null | undefined,
  savepoint: boolean,
  body: Body<Result>,
): Promise<Result> {
  const around = database.innermostFor(transaction);
  // Not by its transaction: a block without a savepoint has that of the block around it.
  const parent = around === database.current() ? undefined : (around?.transaction ?? null);
  return atomic({ using: database.sequelize, savepoint, transaction: parent }, body);
}
