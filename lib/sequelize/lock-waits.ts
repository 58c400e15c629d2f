import type { Sequelize } from 'sequelize';
import type { OpenTransaction } from './internals.js';
import { sendControl } from './statements.js';

/** What the server of each instance does when a statement has waited for a lock for too long. */
const answers = new WeakMap<Sequelize, Promise<boolean>>();

/**
 * Whether InnoDB rolls the whole transaction back, and not the statement alone, when a lock was
 * waited for in vain. It is a setting that no running server changes, and is asked for when the
 * first such error has come.
 */
export function rollsBackAfterWaiting(transaction: OpenTransaction): Promise<boolean> {
  const { sequelize } = transaction;
  const known = answers.get(sequelize);
  if (known !== undefined) return known;

  const asked = ask(transaction);
  answers.set(sequelize, asked);
  // A connection that is lost meanwhile has told nothing.
  asked.catch(() => answers.delete(sequelize));
  return asked.catch(() => false);
}

async function ask(transaction: OpenTransaction): Promise<boolean> {
  const [rows] = await sendControl(transaction, 'SELECT @@innodb_rollback_on_timeout AS setting;');
  const [row] = rows as { readonly setting: unknown }[];
  return Number(row?.setting) === 1;
}
