import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** The examples in the order in which they are best read. Each is a program of its own. */
const EXAMPLES: Readonly<Record<string, string>> = {
  'user-signals': 'A receiver of postSave, and a transaction that is rolled back',
  'same-transaction': 'What a receiver writes is stored or undone with its cause',
  'transaction-hooks': 'onCommit(): work that waits for the COMMIT',
  'deferred-index': 'defer() and postCommit: a search index that is never ahead of the data',
  'tagged-posts': 'm2mChanged: a cache that follows the tags of a post',
  orders: 'A shop: items, payment, mail and an index, put together',
  'shop-http': 'A shop behind HTTP: what a visitor is told is what is stored',
  testing: 'The tests of that shop, by recipes for any test runner',
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(EXAMPLES, name));

if (unknown.length > 0) {
  console.error(
    `No example is called ${unknown.join(', ')}. There are: ${Object.keys(EXAMPLES).join(', ')}.`,
  );
  process.exitCode = 1;
} else {
  for (const [name, title] of Object.entries(EXAMPLES)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    console.log(`\n=== ${name}: ${title}\n`);
    const { status } = spawnSync(process.execPath, [join(__dirname, name, 'index.js')], {
      stdio: 'inherit',
    });
    process.exitCode ||= status ?? 1;
  }
}
