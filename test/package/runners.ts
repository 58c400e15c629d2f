import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../support/repository.js';
import { RUNNERS } from './consumer-folder.js';

let installation: Promise<unknown> | undefined;
let outcome: string | undefined;

/**
 * A hook for suites that need Jest or Vitest, which `npm ci` does not bring: installs them. Where
 * that fails the suite is skipped, or fails when `REQUIRE_RUNNERS=1`.
 */
export async function installRunners(this: Mocha.Context): Promise<void> {
  this.timeout(300_000);
  installation ??= promisify(execFile)(process.execPath, [
    join(ROOT, 'tools', 'install.mjs'),
    RUNNERS,
  ]);
  try {
    await installation;
    outcome = 'ran';
  } catch (error) {
    const { stderr } = error as { stderr: string };
    if (process.env.REQUIRE_RUNNERS === '1') throw new Error(stderr);
    outcome = `skipped: npm could not install them (${stderr.split('\n')[0]})`;
    this.skip();
  }
}

/** A line that says whether the tests of other runners ran, when they were part of the run. */
export function runnerReport(): string[] {
  return outcome === undefined ? [] : [`Jest and Vitest: ${outcome}`];
}
