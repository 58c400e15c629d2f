import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Benchmark, Contender } from '../benchmark.js';

const run = promisify(execFile);

/** Packs a package as its publisher would, without writing a file, and says how large it is. */
function packing(folder: string): () => Contender {
  return () => ({
    async run() {
      const { stdout } = await run(
        'npm',
        ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel', 'silent', folder],
        { cwd: ROOT, maxBuffer: 2 ** 26 },
      );
      const packed: { size: number }[] = Object.values(JSON.parse(stdout));
      return (packed[0]?.size ?? Number.NaN) / 1000;
    },
    check() {
      const { dependencies = {} } = require(join(ROOT, 'package.json'));
      const names = Object.keys(dependencies);
      if (names.length > 0) throw new Error(`The package depends on ${names}.`);
    },
  });
}

const ROOT = dirname(require.resolve('sequelize-signals/package.json'));
const PEERS = ['hookable', 'emittery', 'tapable', 'cls-hooked', 'typeorm-transactional'];

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'the package, packed',
    unit: 'kB',
    times: 1,
    rounds: 1,
    ours: packing('.'),
    peers: Object.fromEntries(PEERS.map((name) => [name, packing(`./node_modules/${name}`)])),
    targets: [{ below: 100 }],
  },
];
