import type { Sequelize, Transaction } from 'sequelize';
import { atomic } from 'sequelize-signals';

/** One way to run a function in a transaction. */
export interface Form {
  readonly title: string;
  run(sequelize: Sequelize, body: (t: Transaction) => Promise<unknown>): Promise<void>;
}

/** The block of this library, and both kinds of transaction that Sequelize has. */
export const FORMS: readonly Form[] = [
  {
    title: 'atomic()',
    async run(sequelize, body) {
      await atomic({ using: sequelize }, body);
    },
  },
  {
    title: 'sequelize.transaction(callback)',
    async run(sequelize, body) {
      await sequelize.transaction(body);
    },
  },
  {
    title: 'an unmanaged transaction',
    async run(sequelize, body) {
      const t = await sequelize.transaction();
      try {
        await body(t);
      } catch (error) {
        await t.rollback().catch(() => {}); // there may be no connection to do it on
        throw error;
      }
      await t.commit();
    },
  },
];
