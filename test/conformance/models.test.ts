import { expect } from 'chai';
import { CONFORMANCE_DIR, conformanceProgram } from '../support/conformance.js';
import { describeInEachContext } from '../support/contexts.js';
import { describeOnEachDatabase } from '../support/databases.js';
import { type ModelProgram, ModelPrograms, type ModelTrace } from './model-program.js';

const CHUNK = 100;
const recordings = conformanceProgram<ModelProgram, ModelTrace>('models')?.map(
  (recording, index) => ({ ...recording, line: index + 1 }),
);

if (recordings === undefined) {
  it(`models as Django saves them (skipped: no recordings in ${CONFORMANCE_DIR})`);
} else {
  describeOnEachDatabase('models as Django saves them', (database) => {
    describeInEachContext('replayed', (context) => {
      let programs: ModelPrograms;

      before(async () => {
        const sequelize = database.connect();
        context.install(sequelize);
        programs = new ModelPrograms(sequelize);
        await sequelize.sync({ force: true });
      });

      for (let first = 0; first < recordings.length; first += CHUNK) {
        const chunk = recordings.slice(first, first + CHUNK);
        it(`lines ${first + 1} to ${first + chunk.length}`, async function () {
          this.timeout(60_000);
          for (const { line, program, trace } of chunk) {
            const got = await context.enter(() => programs.run(program));

            expect(got, `line ${line}: ${JSON.stringify(program)}`).to.deep.equal(trace);
          }
        });
      }
    });
  });
}
