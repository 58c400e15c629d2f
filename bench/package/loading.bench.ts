import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Benchmark, Contender } from '../benchmark.js';

const run = promisify(execFile);

/** Loads a package in a process that has loaded nothing else, and says how long that took. */
function loading(name: string): () => Contender {
  const program = `
    const start = process.hrtime.bigint();
    const loaded = require(${JSON.stringify(name)});
    const took = Number(process.hrtime.bigint() - start) / 1e6;
    if (Object.keys(loaded).length === 0) throw new Error('It exports nothing.');
    console.log(took);`;
  return () => ({
    async run() {
      const { stdout } = await run(process.execPath, ['--no-warnings', '--eval', program]);
      return Number(stdout);
    },
    check() {},
  });
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
    ours: loading('sequelize-signals'),
    peers: Object.fromEntries(PEERS.map((name) => [name, loading(name)])),
    targets: [{ below: 10 }],
  },
];
