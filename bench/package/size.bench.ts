import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pack } from '../../test/package/tarball.js';
import { manifest, ROOT } from '../../test/support/repository.js';
import type { Benchmark, Contender } from '../benchmark.js';

const run = promisify(execFile);

/** The size of the tarball as it is published. */
function ourSize(): Contender {
  return {
    async run() {
      const tarball = await pack();
      await tarball.remove();
      return tarball.size / 1000;
    },
    check() {
      const dependencies = Object.keys(manifest().dependencies ?? {});
      if (dependencies.length > 0) throw new Error(`The package depends on ${dependencies}.`);
    },
  };
}

/** The size of what was published, packed again. */
function sizeOf(name: string): () => Contender {
  return () => ({
    async run() {
      const folder = join(ROOT, 'bench', 'node_modules', name);
      const options = ['--dry-run', '--json', '--ignore-scripts'];
      const { stdout } = await run('npm', ['pack', ...options, folder], { cwd: ROOT });
      const [packed]: { size: number }[] = Object.values(JSON.parse(stdout));
      return (packed?.size ?? Number.NaN) / 1000;
    },
    check() {},
  });
}

const PEERS = ['hookable', 'emittery', 'tapable', 'cls-hooked', 'typeorm-transactional'];

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'the package, packed',
    unit: 'kB',
    times: 1,
    rounds: 1,
    ours: ourSize,
    peers: Object.fromEntries(PEERS.map((name) => [name, sizeOf(name)])),
    targets: [{ below: 150 }],
  },
];
