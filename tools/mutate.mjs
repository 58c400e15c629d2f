/**
 * Changes the library in one small place at a time, and looks whether a test notices:
 *
 *     npm run mutate -- --only blocks/savepoint    in the files with such a name
 *                       --every 5                  one mutant of five
 *                       --again                    those that survived the last time
 *                       --seconds 60               how long the tests may be that try to notice one
 *                       --jobs 4                   how many at a time
 *
 * What became of a mutant is remembered until its file is compiled to something else.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Hunt } from './mutants/hunt.mjs';
import { mutantsOf } from './mutants/mutants.mjs';
import { knownSurvivors, Outcomes } from './mutants/outcomes.mjs';
import { startPostgres } from './mutants/server.mjs';

const FOLDERS = ['blocks', 'signals', 'transactions'];

const root = join(import.meta.dirname, '..');
const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    every: { type: 'string', default: '1' },
    again: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '10' },
    jobs: { type: 'string', default: String(availableParallelism()) },
  },
});

const outcomes = new Outcomes(join(root, '.cache/mutants/outcomes.jsonl'));
const chosen = FOLDERS.flatMap((folder) => mutantsOf(root, folder))
  .filter(({ source }) => source.includes(options.only))
  // In no order, so that a part of them is a sample.
  .sort((a, b) => (a.hash < b.hash ? -1 : 1))
  .filter((_, index) => index % Number(options.every) === 0);
const mutants = chosen.filter((mutant) => {
  const known = outcomes.of(mutant);
  return options.again ? known === 'survived' : known === undefined;
});
console.log(`${chosen.length} mutants, ${mutants.length} to be tried`);

if (mutants.length > 0) {
  const server = await startPostgres(root);
  const hunt = new Hunt({
    root,
    server,
    jobs: Number(options.jobs),
    seconds: Number(options.seconds),
  });
  await hunt.prepare();
  let tried = 0;
  await hunt.run(mutants, (mutant, result) => {
    outcomes.add(mutant, result);
    tried += 1;
    if (result.outcome === 'survived') console.log(`  ${describe(mutant)}`);
    if (tried % 50 === 0) console.log(`  ${tried} tried`);
  });
  await server.stop();
}
summarize();

function describe({ source, line, name }) {
  return `${source}:${line} ${name}`;
}

function summarize() {
  const known = knownSurvivors();
  const tried = chosen.filter((mutant) => outcomes.of(mutant) !== undefined);
  for (const folder of FOLDERS) {
    const ofFolder = tried.filter(({ source }) => source.startsWith(`lib/${folder}/`));
    const count = (wanted) => ofFolder.filter((mutant) => outcomes.of(mutant) === wanted).length;
    const [failed, hung, survived] = ['failed', 'hung', 'survived'].map(count);
    const score = (100 - (100 * survived) / (ofFolder.length || 1)).toFixed(1);
    console.log(
      `${folder}: ${ofFolder.length} mutants, ${failed} failed a test, ${hung} hung, ${survived} survived: ${score} %`,
    );
  }
  const unknown = tried.filter(
    (mutant) => outcomes.of(mutant) === 'survived' && !known[mutant.source]?.[mutant.name],
  );
  if (unknown.length === 0) return;
  console.log(
    `${unknown.length} survived of which tools/mutants/survivors.json does not say what they mean:`,
  );
  for (const mutant of unknown) console.log(`  ${describe(mutant)}`);
  process.exitCode = 1;
}
