import { expect } from 'chai';
import { DataTypes, type ModelStatic, Op } from 'sequelize';
import { type Connection, configure, transaction } from 'sequelize-signals';
import { CONFORMANCE_DIR, conformanceProgram, type Recording } from '../support/conformance.js';
import { describeInEachContext } from '../support/contexts.js';
import { describeOnEachDatabase } from '../support/databases.js';
import {
  MODULE,
  mayRunOn,
  type Row,
  runTransactionProgram,
  type TransactionFunctions,
  type TransactionProgram,
  type TransactionTrace,
} from './transaction-program.js';

type TransactionRecording = Recording<TransactionProgram, TransactionTrace> & { line: number };

const CHUNK = 100;
const recordings = conformanceProgram<TransactionProgram, TransactionTrace>('transactions')?.map(
  (recording, index): TransactionRecording => ({ ...recording, line: index + 1 }),
);

if (recordings === undefined) {
  it(`transactions as Django runs them (skipped: no recordings in ${CONFORMANCE_DIR})`);
} else {
  describeOnEachDatabase('transactions as Django runs them', (database) => {
    describeInEachContext('replayed', (context) => {
      let rows: ModelStatic<Row>;
      let functions: TransactionFunctions;

      before(async () => {
        const sequelize = database.connect();
        const connection = context.install(sequelize);
        // Two ways to say the same, each with a context of its own to save time.
        functions = context.useCLS === 'after install' ? functionsOf(connection) : MODULE;
        rows = sequelize.define('row', { v: { type: DataTypes.INTEGER, unique: true } });
        await rows.sync({ force: true });
        await rows.create({ v: 0 });
        configure({ logger: { error() {}, warn() {} } }); // the failures of robust callbacks
      });

      after(() => configure({ logger: null }));

      for (let first = 0; first < recordings.length; first += CHUNK) {
        const chunk = recordings.slice(first, first + CHUNK);
        it(`lines ${first + 1} to ${first + chunk.length}`, async function () {
          this.timeout(60_000);
          for (const { line, program, trace } of chunk) {
            if (!mayRunOn(database.dialect, program)) continue;
            await rows.destroy({ where: { v: { [Op.ne]: 0 } } });

            const got = await context.enter(() => runTransactionProgram(program, rows, functions));

            expect(got, `line ${line}: ${JSON.stringify(program)}`).to.deep.equal(trace);
          }
        });
      }
    });
  });
}

/** The functions of the connection, with `using` where there are none. */
function functionsOf({ atomic, onCommit, sequelize }: Connection): TransactionFunctions {
  return {
    atomic,
    onCommit,
    setRollback: (value) => transaction.setRollback(value, { using: sequelize }),
    getRollback: () => transaction.getRollback({ using: sequelize }),
  };
}
