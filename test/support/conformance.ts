import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './repository.js';

/** The folder of what was recorded from Django. It is not part of a clone. */
export const CONFORMANCE_DIR: string =
  process.env.CONFORMANCE_DIR ?? join(ROOT, '..', 'shared', 'conformance');

/** A program for the replay, and what Django did when it ran it. */
export interface Recording<Program, Trace> {
  readonly program: Program;
  readonly trace: Trace;
}

/** The recordings of one kind, or `undefined` when this machine does not have them. */
export function conformanceProgram<Program, Trace>(
  name: 'transactions' | 'dispatch' | 'models' | 'cascades',
): Recording<Program, Trace>[] | undefined {
  const path = join(CONFORMANCE_DIR, `${name}.jsonl`);
  if (!existsSync(path)) return undefined;
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
