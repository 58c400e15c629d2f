import { expect } from 'chai';
import { CONFORMANCE_DIR, conformanceProgram } from '../support/conformance.js';
import { describeInEachContext } from '../support/contexts.js';
import { describeOnEachDatabase } from '../support/databases.js';
import { type CascadeProgram, CascadePrograms, type CascadeTrace } from './cascade-program.js';

const CHUNK = 100;
const recordings = conformanceProgram<CascadeProgram, CascadeTrace>('cascades')?.map(
  (recording, index) => ({ ...recording, line: index + 1 }),
);

if (recordings === undefined) {
  it(`cascades as Django collects them (skipped: no recordings in ${CONFORMANCE_DIR})`);
} else {
  describeOnEachDatabase('cascades as Django collects them', (database) => {
    describeInEachContext('replayed', (context) => {
      let programs: CascadePrograms;

      before(async () => {
        const sequelize = database.connect();
        context.install(sequelize, { cascades: 'signals' });
        programs = new CascadePrograms(sequelize);
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
