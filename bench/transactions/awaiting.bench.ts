import { AsyncLocalStorage } from 'node:async_hooks';
import { createNamespace } from 'cls-hooked';
import { Sequelize } from 'sequelize';
import { atomic, install } from 'sequelize-signals';
import type { Benchmark, Contender } from '../benchmark.js';
import { sqliteOptions } from '../servers.js';

/** Runs a function in a context of some kind. */
type InContext = (body: () => Promise<void>) => Promise<void>;

function awaiting(inContext: InContext): Contender {
  let awaited = 0;
  return {
    run: (times) =>
      inContext(async () => {
        for (let i = 0; i < times; i += 1) awaited += await plusOne(0);
      }),
    check(times) {
      if (awaited !== times) throw new Error(`${awaited} promises were awaited, not ${times}.`);
    },
  };
}

async function plusOne(value: number): Promise<number> {
  return value + 1;
}

const STORAGE = 'AsyncLocalStorage alone';

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'an await inside a block',
    unit: 'ns',
    // A context slows everything that comes after it in the process.
    apart: true,
    rounds: 51,
    ours() {
      install(new Sequelize(sqliteOptions));
      return awaiting((body) => atomic(body));
    },
    peers: {
      [STORAGE]() {
        const storage = new AsyncLocalStorage<object>();
        return awaiting((body) => storage.run({}, body));
      },
      'no context': () => awaiting((body) => body()),
      'cls-hooked'() {
        const namespace = createNamespace('bench');
        return awaiting((body) => namespace.runPromise(body));
      },
    },
    targets: [{ against: STORAGE, atMost: 1.02 }],
  },
];
