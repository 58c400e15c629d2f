import { setImmediate as turn } from 'node:timers/promises';

const collect = globalThis.gc as () => void;

/** Collects garbage until all of it is gone: what is finalized may be the last to hold something. */
export async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    await turn();
    collect();
    await turn();
  }
}

/** How many of the objects that were referred to are still there. */
export async function aliveOf(references: readonly WeakRef<object>[]): Promise<number> {
  await collectGarbage();
  return references.filter((reference) => reference.deref() !== undefined).length;
}

/**
 * How many bytes of the heap a round leaves behind; zero where that is no more than noise. What a
 * leak leaves it leaves each time, so that one measurement without it is enough: tables grow and
 * functions are compiled now and then.
 */
export async function bytesLeftBy(rounds: number, round: () => unknown): Promise<number> {
  const used = async (): Promise<number> => {
    for (let number = 0; number < rounds; number += 1) await round();
    await collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  await used();
  let least = Number.POSITIVE_INFINITY;
  for (let measurement = 0; measurement < 8 && least > NOISE; measurement += 1) {
    const before = process.memoryUsage().heapUsed;
    least = Math.min(least, (await used()) - before);
  }
  return least > NOISE ? least / rounds : 0;
}

/** With 500 rounds, something of 40 bytes that each leaves behind is found. */
const NOISE = 20_000;
