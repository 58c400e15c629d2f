import { expect } from 'chai';
import { DataTypes, type ModelStatic } from 'sequelize';
import { type Connection, configure, install } from 'sequelize-signals';
import { testTransaction } from 'sequelize-signals/testing';
import { CONFORMANCE_DIR, conformanceProgram } from '../support/conformance.js';
import { describeOnEachDatabase } from '../support/databases.js';
import {
  MODULE,
  mayRunOn,
  type Row,
  runTransactionProgram,
  type TransactionProgram,
  type TransactionTrace,
} from './transaction-program.js';

const CHUNK = 100;
const recordings = conformanceProgram<TransactionProgram, TransactionTrace>('transactions');

const TITLE = 'what Django runs in production, in a test transaction';

if (recordings === undefined) {
  it(`${TITLE} (skipped: no recordings in ${CONFORMANCE_DIR})`);
} else {
  // No program can tell that it is in a test, though Django's own tests could (D-300, D-310).
  describeOnEachDatabase(TITLE, (database) => {
    const test = testTransaction();
    let connection: Connection;
    let rows: ModelStatic<Row>;

    before(async () => {
      connection = install(database.connect());
      rows = connection.sequelize.define('row', { v: { type: DataTypes.INTEGER, unique: true } });
      await rows.sync({ force: true });
      await rows.create({ v: 0 });
      configure({ logger: { error() {}, warn() {} } }); // the failures of robust callbacks
    });
    after(() => {
      configure({ logger: null });
      connection.uninstall();
    });

    for (let first = 0; first < recordings.length; first += CHUNK) {
      const chunk = recordings.slice(first, first + CHUNK);
      it(`lines ${first + 1} to ${first + chunk.length}`, async function () {
        this.timeout(60_000);
        for (const [index, { program, trace }] of chunk.entries()) {
          if (!mayRunOn(database.dialect, program)) continue;
          await test.begin();
          const got = await runTransactionProgram(program, rows, MODULE);
          await test.rollback();

          const line = `line ${first + index + 1}: ${JSON.stringify(program)}`;
          expect(got, line).to.deep.equal(trace);
          expect(await rows.count(), line).to.equal(1);
        }
      });
    }
  });
}
