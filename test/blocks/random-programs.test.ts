import { expect } from 'chai';
import { configure } from 'sequelize-signals';
import { Arena } from '../campaign/arena.js';
import { type Features, generate } from '../campaign/generate.js';
import { textOf } from '../campaign/text.js';
import { describeInEachContext } from '../support/contexts.js';
import { describeOnEachDatabase } from '../support/databases.js';

describeOnEachDatabase('random programs', (database) => {
  const isServer = database.dialect !== 'sqlite';
  const features: Features = {
    faults: isServer,
    ownTransactions: isServer,
    oneConnection: database.hasOneConnection,
    deadlocks: isServer,
    inTest: 0.1,
    tangles: false,
    instances: true,
  };
  // Writers of one SQLite file wait a second for each other before one of them loses.
  const programs = { 'sqlite memory': 100, 'sqlite file': 10 }[database.name] ?? 34;

  describeInEachContext('with faults', (context) => {
    const first = { never: 1, 'before install': 1001, 'after install': 2001 }[context.useCLS];
    let arena: Arena | undefined;

    before(async () => {
      arena = await Arena.open((options) => database.connect(options), features, {
        installIn: (...parameters) => context.install(...parameters),
      });
      configure({ logger: { error: () => {}, warn: () => {} } });
    });
    after(async () => {
      configure({ logger: null });
      await arena?.close();
    });

    it(`store what ${programs} programs were promised, call back for nothing else, and leave nothing open`, async function () {
      this.timeout(120_000);
      for (let seed = first; seed < first + programs; seed += 1) {
        const program = generate(seed, features);

        const verdict = await context.enter(async () => arena?.run(program));

        expect(verdict?.complaints, `seed ${seed}\n${textOf(program)}`).to.deep.equal([]);
      }
    });
  });
});
