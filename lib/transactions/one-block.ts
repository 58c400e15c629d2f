import type { Transaction } from 'sequelize';
import type { Database } from './database.js';
import { atomic } from './transaction.js';

/**
 * Runs `body` as one block without a savepoint, in the block of a `transaction` option or in a
 * transaction of its own: when it fails, nothing of what it did is kept (D-147, D-188).
 */
export function inOneBlock<Result>(
  database: Database,
  transaction: Transaction | null | undefined,
  body: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  const around = database.innermostFor(transaction);
  const given = around === database.current() ? undefined : (around?.transaction ?? null);
  return atomic({ using: database.sequelize, savepoint: false, transaction: given }, body);
}
