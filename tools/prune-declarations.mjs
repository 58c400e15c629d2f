/**
 * Leaves out of dist/ the declarations to which no entry point of the package leads: nobody's
 * compiler ever reads them, and everybody would download them.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
const { exports: entries } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const reached = new Set();

function reach(file) {
  if (reached.has(file)) return;
  reached.add(file);
  for (const [, path] of readFileSync(file, 'utf8').matchAll(/['"](\.[^'"]*)\.js['"]/g)) {
    reach(resolve(dirname(file), `${path}.d.ts`));
  }
}

for (const { types } of Object.values(entries)) {
  if (types !== undefined) reach(join(root, types));
}
for (const path of readdirSync(join(root, 'dist'), { recursive: true })) {
  const file = join(root, 'dist', path);
  if (file.endsWith('.d.ts') && !reached.has(file)) rmSync(file);
}
