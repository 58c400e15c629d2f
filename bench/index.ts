/**
 * Measures the library beside what a user would pick instead.
 *
 *     npm run bench                      all of it, as text
 *     npm run bench -- --json            as JSON
 *     npm run bench -- --markdown        as the table of docs/performance.md
 *     npm run bench -- --short           only sees that everything works
 *     npm run bench -- --only insert     the benchmarks with that in their names
 */
import { parseArgs } from 'node:util';
import { allBenchmarks } from './benchmarks.js';
import { compare, type Result } from './compare.js';
import { asMarkdown, asText } from './report.js';
import { startServers, stopServers } from './servers.js';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});

async function main(): Promise<void> {
  const results: Result[] = [];
  const asked = allBenchmarks().filter(({ benchmark }) => benchmark.name.includes(options.only));
  await startServers();
  try {
    for (const listed of asked) {
      const result = await compare(listed, options);
      results.push(result);
      // JSON and Markdown are for a file; whoever waits for it sees how far it is.
      const print = options.json || options.markdown ? console.error : console.log;
      print(options.short ? `works: ${result.name}` : `${asText(result)}\n`);
    }
  } finally {
    await stopServers();
  }
  if (options.json) console.log(JSON.stringify(results, undefined, 2));
  if (options.markdown) console.log(`Node.js ${process.version}\n\n${asMarkdown(results)}`);
  else if (!options.json) console.log(`Node.js ${process.version}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
