import { expect } from 'chai';
import { configure } from 'sequelize-signals';
import { Arena } from '../campaign/arena.js';
import { type Features, generate } from '../campaign/generate.js';
import { textOf } from '../campaign/text.js';
import { describeOnEachDatabase } from '../support/databases.js';

const PROGRAMS = 60;
const FEATURES: Features = {
  inTest: 1,
  faults: false,
  ownTransactions: false,
  oneConnection: false,
  deadlocks: false,
  tangles: false,
  instances: true,
};

describeOnEachDatabase('random programs in test transactions', (database) => {
  let arena: Arena | undefined;

  before(async () => {
    arena = await Arena.open((options) => database.connect(options), FEATURES, {
      pool: { max: 1 },
    });
    configure({ logger: { error: () => {}, warn: () => {} } });
  });
  after(async () => {
    configure({ logger: null });
    await arena?.close();
  });

  it('keep their promises on one connection, and leave nothing', async function () {
    this.timeout(120_000);
    for (let seed = 1; seed <= PROGRAMS; seed += 1) {
      const program = generate(seed, FEATURES);

      const verdict = await arena?.run(program);

      expect(verdict?.complaints, `seed ${seed}\n${textOf(program)}`).to.deep.equal([]);
    }
  });
});
