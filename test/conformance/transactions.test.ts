import { DataTypes, Op } from 'sequelize';
import { type Connection, configure, transaction } from 'sequelize-signals';
import { describeReplays } from '../support/conformance.js';
import {
  MODULE,
  mayRunOn,
  type Row,
  runTransactionProgram,
  type TransactionFunctions,
  type TransactionProgram,
  type TransactionTrace,
} from './transaction-program.js';

describe('transactions', () => {
  before(() => configure({ logger: { error() {}, warn() {} } })); // the failures of robust callbacks
  after(() => configure({ logger: null }));

  describeReplays<TransactionProgram, TransactionTrace>(
    'transactions as Django runs them',
    'transactions',
    async (database, context) => {
      const sequelize = database.connect();
      const connection = context.install(sequelize);
      // Two ways to say the same, each with a context of its own to save time.
      const functions = context.useCLS === 'after install' ? functionsOf(connection) : MODULE;
      const rows = sequelize.define<Row>('row', { v: { type: DataTypes.INTEGER, unique: true } });
      await rows.sync({ force: true });
      await rows.create({ v: 0 });

      return async (program) => {
        if (!mayRunOn(database.dialect, program)) return undefined;
        await rows.destroy({ where: { v: { [Op.ne]: 0 } } });
        return runTransactionProgram(program, rows, functions);
      };
    },
  );
});

/** The functions of the connection, with `using` where there are none. */
function functionsOf({ atomic, onCommit, sequelize }: Connection): TransactionFunctions {
  return {
    atomic,
    onCommit,
    setRollback: (value) => transaction.setRollback(value, { using: sequelize }),
    getRollback: () => transaction.getRollback({ using: sequelize }),
  };
}
