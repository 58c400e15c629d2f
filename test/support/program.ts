import { spawnSync } from 'node:child_process';
import { ROOT } from './repository.js';

/** What a program printed, and the code that it ended with. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

/** Runs a file of the repository, named from the root, with this Node.js until it ends. */
export function runNode(file: string, ...parameters: string[]): Ended {
  return spawnSync(process.execPath, [file, ...parameters], { cwd: ROOT, encoding: 'utf8' });
}
