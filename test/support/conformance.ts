import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describeInEachContext, type TestContext } from './contexts.js';
import { describeOnEachDatabase, type TestDatabase } from './databases.js';
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

const CHUNK = 100;

/** Runs a program from an empty state; undefined where it makes no sense on this database. */
type Replay<Program, Trace> = (program: Program) => Promise<Trace | undefined>;

/**
 * Declares a suite with the recordings of one kind, or one that is skipped where they are missing.
 *
 * @param declare - gets what declares their tests, for a way to replay them.
 */
export function describeRecordings<Program, Trace>(
  title: string,
  name: Parameters<typeof conformanceProgram>[0],
  declare: (database: TestDatabase, declareTests: (replay: Replay<Program, Trace>) => void) => void,
): void {
  const recordings = conformanceProgram<Program, Trace>(name);
  if (recordings === undefined) {
    it(`${title} (skipped: no recordings in ${CONFORMANCE_DIR})`);
    return;
  }
  describeOnEachDatabase(title, (database) => {
    declare(database, (replay) => declareTests(recordings, replay));
  });
}

function declareTests<Program, Trace>(
  recordings: readonly Recording<Program, Trace>[],
  replay: Replay<Program, Trace>,
): void {
  for (let first = 0; first < recordings.length; first += CHUNK) {
    const chunk = recordings.slice(first, first + CHUNK);
    it(`lines ${first + 1} to ${first + chunk.length}`, async function () {
      this.timeout(60_000);
      for (const [index, { program, trace }] of chunk.entries()) {
        const got = await replay(program);
        if (got === undefined) continue;

        const line = `line ${first + index + 1}: ${JSON.stringify(program)}`;
        expect(got, line).to.deep.equal(trace);
      }
    });
  }
}

/**
 * Declares the replay of all recordings of one kind, on each database and in each context.
 *
 * @param prepare - makes what runs a program, before the first one.
 */
export function describeReplays<Program, Trace>(
  title: string,
  name: Parameters<typeof conformanceProgram>[0],
  prepare: (database: TestDatabase, context: TestContext) => Promise<Replay<Program, Trace>>,
): void {
  describeRecordings<Program, Trace>(title, name, (database, declareTests) => {
    describeInEachContext('replayed', (context) => {
      let replay: Replay<Program, Trace>;

      before(async () => {
        replay = await prepare(database, context);
      });

      declareTests((program) => context.enter(() => replay(program)));
    });
  });
}
