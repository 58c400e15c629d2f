import { expect } from 'chai';
import { DataTypes, type ModelStatic } from 'sequelize';
import { type Connection, configure, install } from 'sequelize-signals';
import { testTransaction } from 'sequelize-signals/testing';
import { describeRecordings } from '../support/conformance.js';
import {
  MODULE,
  mayRunOn,
  type Row,
  runTransactionProgram,
  type TransactionProgram,
  type TransactionTrace,
} from './transaction-program.js';

// No program can tell that it is in a test, though Django's own tests could (D-300, D-310).
describeRecordings<TransactionProgram, TransactionTrace>(
  'what Django runs in production, in a test transaction',
  'transactions',
  (database, declareTests) => {
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

    declareTests(async (program) => {
      if (!mayRunOn(database.dialect, program)) return undefined;
      await test.begin();
      const got = await runTransactionProgram(program, rows, MODULE);
      await test.rollback();

      expect(await rows.count(), JSON.stringify(program)).to.equal(1);
      return got;
    });
  },
);
