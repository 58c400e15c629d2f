import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Those look at the source or at the package, or run tests themselves. */
const LEFT_OUT = /^\.cache\/test\/(architecture|docs|examples|package|testing\/runners)\b/;

/**
 * Runs all tests on one database, and resolves to them: how long each took, and which parts of the
 * library it reaches. It is remembered until something is compiled anew.
 */
export async function survey({ root, database, env, inLanes, run }) {
  const file = join(root, '.cache/mutants', `${database.replaceAll(' ', '-')}.json`);
  const state = stateOf(root);
  const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  if (known?.state !== state) {
    const found = [];
    await inLanes(testFiles(root), async (file) => {
      found.push(...(await surveyFile(file, env, run)));
    });
    writeFileSync(file, JSON.stringify({ state, found }));
    return found.map(withSet);
  }
  return known.found.map(withSet);
}

function withSet(test) {
  return { ...test, reached: new Set(test.reached) };
}

async function surveyFile(file, env, run) {
  const folder = mkdtempSync(join(tmpdir(), 'sequelize-signals-reach-'));
  const tests = [];
  const suites = [];
  let last = Date.now();
  let pause = 0;
  const { outcome, by, message } = await run({
    env: { ...env, REACH_FOLDER: folder },
    files: [{ file }],
    allowed: () => 300_000,
    onMessage(message) {
      // What is no test may take long as well: a hook, or to load the file.
      if (message.test === undefined) pause = Math.max(pause, Date.now() - last);
      last = Date.now();
      if (message.test !== undefined) tests.push(message);
      if (message.suite !== undefined) suites.push(message);
    },
  });
  rmSync(folder, { recursive: true, force: true });
  if (outcome !== 'passed') console.log(`  ${file}: ${outcome}, and left out: ${by}: ${message}`);
  return tests
    .filter(({ passed, test }) => passed && test !== by)
    .map(({ test: title, duration, reached }) => {
      const around = suites.filter(({ suite }) => title.startsWith(suite));
      const all = new Set([reached, ...around.map((each) => each.reached)].flat());
      return { file, title, duration, pause, reached: [...all] };
    });
}

function testFiles(root) {
  return readdirSync(join(root, '.cache/test'), { recursive: true })
    .map((name) => `.cache/test/${name.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.test.js') && !LEFT_OUT.test(file));
}

/** What is different once something was compiled anew. */
function stateOf(root) {
  const hash = createHash('sha256');
  for (const folder of ['dist', '.cache/test']) {
    for (const name of readdirSync(join(root, folder), { recursive: true }).sort()) {
      if (name.endsWith('.js')) hash.update(readFileSync(join(root, folder, name)));
    }
  }
  return hash.digest('hex');
}
