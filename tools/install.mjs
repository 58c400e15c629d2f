/**
 * Installs the packages of a folder that has a package.json of its own, unless they are there
 * already as its lock file wants them: `node tools/install.mjs bench`.
 */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const [folder = ''] = process.argv.slice(2);

/** When a file was written; 0 when there is none. */
function written(file) {
  return statSync(join(root, folder, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

// npm writes this file when everything else is in its place.
if (written('node_modules/.package-lock.json') < written('package-lock.json')) {
  console.log(`Installing the packages of ${folder}/`);
  // Only errors: emittery asks for a newer Node.js than it needs, and that is npm's one warning.
  const command =
    'npm ci --loglevel=error --no-audit --no-fund --prefer-offline --fetch-retry-mintimeout=1000';
  // With a shell, for npm is a script on Windows.
  const { status } = spawnSync(command, { cwd: join(root, folder), shell: true, stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
