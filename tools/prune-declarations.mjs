/**
 * Leaves out of dist/ the declarations to which no entry point of the package leads, and the comments
 * of those that declare nothing with a public name: nobody's editor ever shows them, and everybody
 * would download them.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
const { exports: entries } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const doors = Object.values(entries).flatMap(({ types }) => (types ? [join(root, types)] : []));

const reached = new Set();

function reach(file) {
  if (reached.has(file)) return;
  reached.add(file);
  for (const [, path] of readFileSync(file, 'utf8').matchAll(/['"](\.[^'"]*)\.js['"]/g)) {
    reach(resolve(dirname(file), `${path}.d.ts`));
  }
}

for (const door of doors) reach(door);

const publicNames = new Set(
  doors.flatMap((door) => readFileSync(door, 'utf8').match(/\w+(?=\s*[,}])/g) ?? []),
);

function declaresPublicName(text) {
  const declared = text.matchAll(/^export (?:declare )?(?:abstract )?(?:\w+) (\w+)/gm);
  return [...declared].some(([, name]) => publicNames.has(name));
}

for (const path of readdirSync(join(root, 'dist'), { recursive: true })) {
  const file = join(root, 'dist', path);
  if (!file.endsWith('.d.ts')) continue;
  if (!reached.has(file)) {
    rmSync(file);
    continue;
  }
  const text = readFileSync(file, 'utf8');
  if (doors.includes(file) || declaresPublicName(text)) continue;
  writeFileSync(file, text.replace(/^\s*\/\*\*[\s\S]*?\*\/\n/gm, ''));
}
