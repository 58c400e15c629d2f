import type { Sequelize, Transaction } from 'sequelize';
import type { TestDatabase } from './databases.js';

/** Whether the server can put off the check of a foreign key until COMMIT, so that COMMIT fails. */
export function defersForeignKeys({ dialect }: TestDatabase): boolean {
  return dialect === 'postgres' || dialect === 'sqlite';
}

/** Makes the table of debts, each of which must be of an entry by the time of the COMMIT. */
export async function addDebts(sequelize: Sequelize): Promise<void> {
  await sequelize.query('DROP TABLE IF EXISTS debts', { transaction: null });
  await sequelize.query(
    `CREATE TABLE debts
       (entry_id INTEGER REFERENCES entries (id) DEFERRABLE INITIALLY DEFERRED)`,
    { transaction: null },
  );
}

/** Makes a debt of an entry that does not exist: the COMMIT of the transaction is going to fail. */
export async function owe(sequelize: Sequelize, transaction?: Transaction): Promise<void> {
  await sequelize.query('INSERT INTO debts VALUES (-1)', { transaction });
}
