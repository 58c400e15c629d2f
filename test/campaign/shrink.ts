import { type Body, bodyOf, type Program, type Step } from './program.js';

/** How many smaller programs are run at most to find the smallest that fails. */
const PATIENCE = 300;

/**
 * The smallest program that still fails, as far as leaving out one thing at a time gets. What
 * failed by a chance of timing may be told as it was.
 */
export async function shrink<Program>(
  program: Program,
  smallerThan: (program: Program) => Iterable<Program>,
  fails: (smaller: Program) => Promise<boolean>,
): Promise<Program> {
  let smallest = program;
  let left = PATIENCE;
  for (let shrunk = true; shrunk && left > 0; ) {
    shrunk = false;
    for (const smaller of smallerThan(smallest)) {
      left -= 1;
      if (left < 0) break;
      if (!(await fails(smaller))) continue;
      smallest = smaller;
      shrunk = true;
      break;
    }
  }
  return smallest;
}

/** Programs with one thing less each, those first that leave out most. */
export function* smallerPrograms(program: Program): Generator<Program> {
  if (program.inTest) yield { ...program, inTest: false };
  for (const faults of withoutOne(program.faults)) yield { ...program, faults };
  for (const flows of smallerSteps(program.flows)) {
    if (flows.length > 0) yield { ...program, flows };
  }
}

function* withoutOne<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let index = 0; index < items.length; index += 1) yield items.toSpliced(index, 1);
}

function* smallerSteps(steps: readonly Step[]): Generator<readonly Step[]> {
  yield* withoutOne(steps);
  for (const [index, step] of steps.entries()) {
    for (const simpler of simplerThan(step)) yield steps.toSpliced(index, 1, ...simpler);
  }
}

/** What may take the place of a step. */
function* simplerThan(step: Step): Generator<readonly Step[]> {
  const body = bodyOf(step);
  if (body) yield body.steps;
  if (!step.awaited) yield [{ ...step, awaited: true }];
  if (step.does === 'block' && step.retries > 0) yield [{ ...step, retries: 0 }];
  if (step.does === 'write' && step.names !== 'none') yield [{ ...step, names: 'none' }];
  if (!body) return;
  for (const smaller of smallerBodies(body)) yield [{ ...step, body: smaller } as Step];
}

function* smallerBodies(body: Body): Generator<Body> {
  if (body.order !== 'in turn') yield { ...body, order: 'in turn' };
  for (const steps of smallerSteps(body.steps)) yield { ...body, steps };
}
