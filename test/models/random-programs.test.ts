import { expect } from 'chai';
import { generateModelProgram } from '../campaign/models/generate-models.js';
import { ModelArena } from '../campaign/models/model-arena.js';
import { modelProgramText } from '../campaign/models/model-text.js';
import { describeOnEachDatabase } from '../support/databases.js';

describeOnEachDatabase('random programs with models', (database) => {
  const programs = 100;
  let arena: ModelArena | undefined;

  before(async () => {
    arena = await ModelArena.open((options) => database.connect(options));
  });
  after(() => arena?.close());

  it(`tell in signals what ${programs} of them store, and nothing else`, async function () {
    this.timeout(120_000);
    for (let seed = 1; seed <= programs; seed += 1) {
      const program = generateModelProgram(seed);

      const verdict = await arena?.run(program);

      const title = `seed ${seed}\n${modelProgramText(program)}`;
      expect(verdict?.complaints, title).to.deep.equal([]);
    }
  });
});
