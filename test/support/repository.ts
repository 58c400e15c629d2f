import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

/** The folder that holds package.json. */
export const ROOT: string = dirname(require.resolve('sequelize-signals/package.json'));

/** The text of a file, named from the root. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Our files below a folder whose names end in `extension`, named from the root, in order. */
export function filesUnder(folder: string, extension: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => posix.join(folder, path.replaceAll('\\', '/')))
    .filter((path) => path.endsWith(extension) && !path.includes('/node_modules/'))
    .sort();
}

/** package.json, as far as the tests read it. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Record<string, { readonly types: string; readonly default: string } | string>;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
}

export function manifest(): Manifest {
  return JSON.parse(read('package.json'));
}
