/**
 * Runs tests in a process of its own. It is told which as its first message, and tells of each test
 * that begins or ends, so that whoever waits can see when one hangs. With REACH_FOLDER it tells what
 * each test reaches; without, the first failure ends it.
 */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import Mocha from 'mocha';
import { takeReach, takeReachOfChildren } from './reach.mjs';

const { MUTATED_ROOT: root, REACH_FOLDER: folder } = process.env;
const isNoting = folder !== undefined;

// Whoever waits knows how long a test may take here.
Mocha.Runnable.prototype.timeout = function timeout(...given) {
  return given.length === 0 ? 0 : this;
};

const [{ files }] = await once(process, 'message');
const { mochaHooks } = createRequire(import.meta.url)(join(root, '.cache/test/support/hooks.js'));
let failures = 0;
for (const { file, titles } of files) {
  if (failures === 0 || isNoting) await runFile(file, titles && new Set(titles));
}
tell({ over: true });

async function runFile(file, titles) {
  const mocha = new Mocha({
    bail: !isNoting,
    checkLeaks: true,
    reporter: class Silent {},
    rootHooks: mochaHooks,
  });
  mocha.addFile(join(root, file));
  mocha.loadFiles();
  if (titles) keep(mocha.suite, titles);
  if (isNoting) takeReach();
  await new Promise((done) => {
    const runner = mocha.run((failed) => {
      failures += failed;
      done();
    });
    runner.on('test', (test) => tell({ began: test.fullTitle() }));
    runner.on('fail', (failed, error) =>
      tell({ failed: failed.fullTitle(), message: String(error?.message ?? error) }),
    );
    if (isNoting) tellReach(runner);
    else runner.on('test end', () => tell({ ended: true }));
  });
}

/** Leaves the other tests out. */
function keep(suite, titles) {
  suite.tests = suite.tests.filter((test) => titles.has(test.fullTitle()));
  suite.suites = suite.suites.filter((inner) => {
    keep(inner, titles);
    return inner.tests.length > 0 || inner.suites.length > 0;
  });
}

/** Tells what each test reaches, and what is reached for all tests of a suite. */
function tellReach(runner) {
  const take = () => [...takeReach(), ...takeReachOfChildren(folder)];
  runner.on('test end', (test) => {
    const { duration = 0, state } = test;
    tell({ test: test.fullTitle(), duration, passed: state === 'passed', reached: take() });
  });
  runner.on('hook end', ({ title, parent }) => {
    if (/^"(before|after) all"/.test(title)) tell({ suite: parent.fullTitle(), reached: take() });
  });
}

function tell(message) {
  process.send(message);
}
