import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../support/repository.js';

/** The library as `npm publish` would send it, in a folder of its own. */
export interface Tarball {
  readonly path: string;
  /** Its size, packed, in bytes. */
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
  remove(): Promise<void>;
}

const SOURCES = [
  'lib',
  'package.json',
  'tsconfig.json',
  'tsconfig.pack.json',
  'rollup.config.mjs',
  'tools/prune-declarations.mjs',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
];

const run = promisify(execFile);

/** Builds and packs a copy: `prepack` would build here, over the tests that are running. */
export async function pack(): Promise<Tarball> {
  const folder = await mkdtemp(join(tmpdir(), 'sequelize-signals-tarball-'));
  const cwd = join(folder, 'source');
  await mkdir(cwd);
  for (const source of SOURCES)
    await cp(join(ROOT, source), join(cwd, source), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(cwd, 'node_modules'));

  await run('npm', ['run', 'prepack'], { cwd });
  const options = ['--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await run('npm', ['pack', ...options], { cwd });
  const [{ filename, size, files }] = JSON.parse(stdout);
  const remove = () => rm(folder, { recursive: true });
  return { path: join(folder, filename), size, files, remove };
}
