import type { Model, ModelStatic } from 'sequelize';
import { install } from 'sequelize-signals';
import type { Benchmark, Contender } from '../benchmark.js';
import { THING, thingModel } from './things.js';

const ROWS = 10_000;
const PLAIN = 'plain Sequelize';

async function loading(Thing: ModelStatic<Model>): Promise<Contender> {
  await Thing.bulkCreate(Array.from({ length: ROWS }, () => ({ ...THING })));
  let loaded = 0;
  return {
    async run(times) {
      for (let i = 0; i < times; i += 1) loaded += (await Thing.findAll()).length;
    },
    check(times) {
      if (loaded !== times * ROWS) throw new Error(`${loaded} rows were loaded.`);
    },
  };
}

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'loading 10,000 rows, nobody listens, SQLite',
    unit: 'ms',
    clock: 'cpu',
    // Each load collects garbage of the one before: several at once, so that each gets its share.
    sample: 400,
    ours: async () => loading(await thingModel(install)),
    peers: { [PLAIN]: async () => loading(await thingModel()) },
    targets: [{ against: PLAIN, atMost: 1.02 }],
  },
];
