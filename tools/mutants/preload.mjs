/**
 * Has a process load the library with a change in it: that of the mutant in MUTANT. With REACH_FOLDER,
 * the library notes which of its parts run. What the process starts inherits both.
 */
import { readFileSync } from 'node:fs';
import Module from 'node:module';
import { relative, sep } from 'node:path';
import { noteReach } from './reach.mjs';

const { MUTANT, REACH_FOLDER, MUTATED_ROOT: root } = process.env;

if (MUTANT) {
  const { file, start, end, replacement } = JSON.parse(MUTANT);
  compileBy((name, code) =>
    name === file ? code.slice(0, start) + replacement + code.slice(end) : code,
  );
}
if (REACH_FOLDER) {
  const { noting } = await import('./noting.mjs');
  noteReach(REACH_FOLDER);
  compileBy((name, code) => (name.startsWith('dist/') ? noting(code, name) : code));
}

/** Has each file of the repository compiled as `change` makes it; its name is told from the root. */
function compileBy(change) {
  const load = Module._extensions['.js'];
  Module._extensions['.js'] = (module, path) => {
    const name = relative(root, path).replaceAll(sep, '/');
    if (!name.startsWith('dist/')) return load(module, path);
    module._compile(change(name, readFileSync(path, 'utf8')), path);
  };
}
