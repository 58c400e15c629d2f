import { Sequelize } from 'sequelize';
import { atomic, install, onCommit } from 'sequelize-signals';
import type { Benchmark, Contender } from '../benchmark.js';
import { sqliteOptions } from '../servers.js';

const MANY = 100_000;
const FEW = 1_000;
const ARRAY = 'an array of functions';
const LINEAR = 'the same, one of 1,000';

/** Gets a queue to put callbacks in, which are called when it is done. */
type Queue = (fill: (register: (callback: () => void) => void) => void) => Promise<void>;

/** Puts callbacks into the queue and sees that each was called once, in order. */
async function callInOrder(queue: Queue, count: number): Promise<void> {
  let next = 0;
  await queue((register) => {
    for (let i = 0; i < count; i += 1) {
      register(() => {
        if (next === i) next += 1;
      });
    }
  });
  if (next !== count) throw new Error(`Callback ${next} of ${count} was not called in its turn.`);
}

function oneOf(make: () => Queue): () => Contender {
  return () => {
    const queue = make();
    return { run: (times) => callInOrder(queue, times), check() {} };
  };
}

function oneOfFew(make: () => Queue): () => Contender {
  return () => {
    const queue = make();
    return {
      async run(times) {
        for (let done = 0; done < times; done += FEW) await callInOrder(queue, FEW);
      },
      check() {},
    };
  };
}

function ourQueue(): Queue {
  const sequelize = new Sequelize(sqliteOptions);
  install(sequelize, { using: `queue ${++queues}` });
  const using = sequelize;
  return (fill) =>
    atomic({ using }, async () => {
      fill((callback) => void onCommit(callback, { using }));
    });
}

let queues = 0;

function arrayQueue(): Queue {
  return async (fill) => {
    const callbacks: (() => unknown)[] = [];
    fill((callback) => callbacks.push(callback));
    for (const callback of callbacks) {
      const returned = callback();
      if (returned instanceof Promise) await returned;
    }
  };
}

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'onCommit, one of 100,000 callbacks',
    unit: 'µs',
    times: MANY,
    rounds: 15,
    ours: oneOf(ourQueue),
    peers: { [ARRAY]: oneOf(arrayQueue), [LINEAR]: oneOfFew(ourQueue) },
    targets: [
      { against: ARRAY, within: 1 },
      { against: LINEAR, atMost: 2 },
    ],
  },
];
