import type { Sequelize, Transaction } from 'sequelize';
import { dialectOf } from './dialects.js';

const SETTING = 'innodb_snapshot_isolation';

/**
 * Whether a read with a lock finds what others have stored since the transaction took its snapshot,
 * which its other reads do not.
 */
export async function locksSeeLatest(
  sequelize: Sequelize,
  transaction: Transaction | null | undefined,
): Promise<boolean> {
  if (!dialectOf(sequelize).locksSeeLatest) return false;

  // MariaDB may be told to end a transaction that locks such a row; since 11.6 it does unasked.
  const found = (await sequelize.query(`SHOW VARIABLES LIKE '${SETTING}'`, {
    type: 'SELECT',
    raw: true,
    transaction,
  })) as readonly unknown[] as readonly { readonly Value: string }[];
  return found[0]?.Value !== 'ON';
}

/**
 * Whether a read with a lock does no harm where others may have stored what it looks for since the
 * transaction took its snapshot. It may not find that; but it may also end the transaction.
 */
export async function mayLockLatest(
  sequelize: Sequelize,
  transaction: Transaction,
): Promise<boolean> {
  return !dialectOf(sequelize).locksSeeLatest || (await locksSeeLatest(sequelize, transaction));
}
