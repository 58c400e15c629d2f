import { expect } from 'chai';
import { type Connection, configure, install } from 'sequelize-signals';
import { testTransaction } from 'sequelize-signals/testing';
import { describeOnEachDatabase } from '../support/databases.js';
import { Ledger } from '../transactions/ledger.js';
import { expectIdlePool } from '../transactions/pool.js';
import { RandomProgram, TAKEN } from '../transactions/random-program.js';

const PROGRAMS = 60;

describeOnEachDatabase('random programs in test transactions', (database) => {
  const test = testTransaction({ using: 'random' });
  let connection: Connection;
  let ledger: Ledger;

  before(async () => {
    connection = install(database.connect({ pool: { max: 1 } }), { using: 'random' });
    ledger = await Ledger.open(connection.sequelize);
    await ledger.write(TAKEN);
    configure({ logger: { error: () => {}, warn: () => {} } });
  });
  after(() => {
    configure({ logger: null });
    connection.uninstall();
  });

  it('keep their promises on one connection, and leave nothing', async function () {
    this.timeout(120_000);
    for (let seed = 1; seed <= PROGRAMS; seed += 1) {
      ledger.called.length = 0;
      await test.begin();
      const promised = await new RandomProgram(ledger, seed * 7919).run();
      const rows = await ledger.rows();
      await test.rollback();

      expect(
        { rows: rows.sort(), called: [...ledger.called].sort(), stuck: 0 },
        `seed ${seed * 7919}`,
      ).to.deep.equal({
        rows: [...promised.rows, TAKEN].sort(),
        called: promised.called.sort(),
        stuck: promised.stuck,
      });
      expect(await ledger.rows()).to.deep.equal([TAKEN]);
    }
    expectIdlePool(connection.sequelize);
  });
});
