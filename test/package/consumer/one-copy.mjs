// Loads each entry point in both ways and checks that there is one copy of everything.
import { strictEqual } from 'node:assert';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

for (const entry of process.argv.slice(2)) {
  const imported = await import(entry);
  const required = require(entry);
  const names = Object.keys(required);
  strictEqual(names.length > 0, true, `${entry} exports nothing`);
  for (const name of names) strictEqual(imported[name], required[name], `${entry}: ${name}`);
}
