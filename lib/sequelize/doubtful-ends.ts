import type { Sequelize } from 'sequelize';
import { dialectOf } from './dialects.js';
import type { OpenTransaction } from './internals.js';
import { sendControl } from './statements.js';

/** What the server of each instance is set to do. */
const settings = new WeakMap<Sequelize, Promise<boolean>>();

/** What is asked is nothing that the application did, and so nothing for its log. */
const UNLOGGED = { logging: false } as const;

/** Whether a transaction has ended with the statement that failed, where the error does not say so. */
export async function hasEnded(transaction: OpenTransaction): Promise<boolean> {
  const { findsEnd } = dialectOf(transaction.sequelize);
  if (findsEnd === 'by setting') return rollsBackOnTimeout(transaction);
  return findsEnd === 'by beginning' && canBegin(transaction);
}

/**
 * Whether InnoDB rolls back the whole transaction, and not the statement alone, when that has waited
 * for a lock for too long. No running server changes it, so it is asked for once, when that happens.
 */
function rollsBackOnTimeout(transaction: OpenTransaction): Promise<boolean> {
  const { sequelize } = transaction;
  const known = settings.get(sequelize);
  if (known !== undefined) return known;

  const asked = askSetting(transaction).catch(() => {
    settings.delete(sequelize); // a connection that is lost has told nothing
    return false;
  });
  settings.set(sequelize, asked);
  return asked;
}

async function askSetting(transaction: OpenTransaction): Promise<boolean> {
  const sql = 'SELECT @@innodb_rollback_on_timeout AS setting;';
  const rows: unknown = await sendControl(transaction, sql, UNLOGGED, 'SELECT');
  const [row] = rows as { readonly setting: unknown }[];
  return Number(row?.setting) === 1;
}

/** SQLite refuses to begin in a transaction. Where it does begin, nothing is sent there but a ROLLBACK. */
async function canBegin(transaction: OpenTransaction): Promise<boolean> {
  try {
    await sendControl(transaction, 'BEGIN;', UNLOGGED);
    return true;
  } catch {
    return false;
  }
}
