import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ConsumerFolder } from '../../test/package/consumer-folder.js';
import { pack } from '../../test/package/tarball.js';
import { ROOT } from '../../test/support/repository.js';
import type { Benchmark, Contender } from '../benchmark.js';

const run = promisify(execFile);

/** Where the peers are installed. */
const BENCH = join(ROOT, 'bench');

/** Loads a package in a process that has loaded nothing else, and says how long that took. */
function loading(name: string, cwd: string): Contender {
  const program = `
    const start = process.hrtime.bigint();
    const loaded = require(${JSON.stringify(name)});
    const took = Number(process.hrtime.bigint() - start) / 1e6;
    if (Object.keys(loaded).length === 0) throw new Error('It exports nothing.');
    console.log(took);`;
  return {
    async run() {
      const { stdout } = await run(process.execPath, ['--no-warnings', '--eval', program], { cwd });
      return Number(stdout);
    },
    check() {},
  };
}

/** The library as users get it: not what is built here, but what is packed. */
async function ours(): Promise<Contender> {
  const tarball = await pack();
  const consumer = await ConsumerFolder.create(tarball.path);
  await tarball.remove();
  process.once('exit', () => rmSync(consumer.path, { recursive: true, force: true }));
  return loading('sequelize-signals', consumer.path);
}

const PEERS = [
  'hookable',
  'emittery',
  'tapable',
  'eventemitter3',
  '@lumino/signaling',
  'cls-hooked',
  'typeorm-transactional',
  'sequelize',
];

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'loading the package',
    unit: 'ms',
    times: 1,
    rounds: 21,
    ours,
    peers: Object.fromEntries(PEERS.map((name) => [name, () => loading(name, BENCH)])),
    targets: [{ below: 10 }],
  },
];
