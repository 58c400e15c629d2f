import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
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

/** Packs what is built: `prepack` would build again, over the tests that are running. */
export async function pack(): Promise<Tarball> {
  const folder = await mkdtemp(join(tmpdir(), 'sequelize-signals-tarball-'));
  const options = ['--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await promisify(execFile)('npm', ['pack', ...options], { cwd: ROOT });
  const [{ filename, size, files }] = JSON.parse(stdout);
  const remove = () => rm(folder, { recursive: true });
  return { path: join(folder, filename), size, files, remove };
}
