// The main entry point loads two files of its own, and Node.js's own modules.
const { deepStrictEqual, strictEqual } = require('node:assert');
const { statSync } = require('node:fs');
const { basename, dirname, join } = require('node:path');

const [, , name] = process.argv;
require(name);

const loaded = Object.keys(require.cache).filter((file) => file !== __filename);
const dist = join(dirname(require.resolve(`${name}/package.json`)), 'dist');
deepStrictEqual(loaded.map((file) => basename(file)).sort(), ['index.js', 'library.js']);
deepStrictEqual([...new Set(loaded.map(dirname))], [dist]);

// What it has to read: other entry points must not make it larger.
const bytes = loaded.reduce((sum, file) => sum + statSync(file).size, 0);
strictEqual(bytes < 350_000, true, `the main entry point reads ${bytes} bytes`);
