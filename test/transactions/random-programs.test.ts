import { expect } from 'chai';
import { configure } from 'sequelize-signals';
import { describeInEachContext } from '../support/contexts.js';
import { describeOnEachDatabase } from '../support/databases.js';
import { Ledger } from './ledger.js';
import { expectIdlePool } from './pool.js';
import { RandomProgram, TAKEN } from './random-program.js';

describeOnEachDatabase('random programs', (database) => {
  // Writers of one SQLite file wait a second for each other before one of them loses.
  const programs = { 'sqlite memory': 300, 'sqlite file': 15 }[database.name] ?? 60;

  describeInEachContext('with concurrent blocks', (context) => {
    let ledger: Ledger;

    before(async () => {
      // Two writers of one SQLite file may lose against each other, which is an error like any other here.
      const sequelize = database.connect({ pool: { max: 3 }, retry: { max: 0 } });
      context.install(sequelize, { using: 'random' });
      ledger = await Ledger.open(sequelize);
      configure({ logger: { error: () => {}, warn: () => {} } });
    });
    after(() => configure({ logger: null }));

    it(`store what ${programs} programs were promised, call back for nothing else, and leave nothing open`, async function () {
      this.timeout(120_000);
      for (let seed = 1; seed <= programs; seed += 1) {
        await ledger.clear();
        await ledger.write(TAKEN);

        const promised = await context.enter(() => new RandomProgram(ledger, seed * 7919).run());

        const rows = await ledger.rows();
        expect(
          {
            rows: rows.filter((name) => name !== TAKEN).sort(),
            called: [...ledger.called].sort(),
            stuck: 0,
          },
          `seed ${seed * 7919}`,
        ).to.deep.equal({
          rows: promised.rows.sort(),
          called: promised.called.sort(),
          stuck: promised.stuck,
        });
      }
      expectIdlePool(ledger.sequelize);
    });
  });
});
