import type { Model, ModelStatic } from 'sequelize';
import { install, postSave } from 'sequelize-signals';
import type { Benchmark, Contender } from '../benchmark.js';
import { Tally } from '../signals/tally.js';
import { THING, thingModel } from './things.js';

const RECEIVERS = 3;

function creating(Thing: ModelStatic<Model>, tally?: Tally): Contender {
  return {
    async run(times) {
      for (let i = 0; i < times; i += 1) await Thing.create({ ...THING });
    },
    async check(times) {
      const rows = await Thing.count();
      if (rows !== times) throw new Error(`${rows} rows were stored, not ${times}.`);
      tally?.expect(rows * RECEIVERS);
    },
  };
}

const PLAIN = 'plain Sequelize';
const HOOKS = 'plain Sequelize with 3 afterSave hooks';

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'Model.create, nobody listens, SQLite',
    unit: 'µs',
    clock: 'cpu',
    rounds: 301,
    sample: 40,
    ours: async () => creating(await thingModel(install)),
    peers: { [PLAIN]: async () => creating(await thingModel()) },
    targets: [{ against: PLAIN, atMost: 1.02 }],
  },
  {
    name: 'Model.create, 3 receivers of postSave, SQLite',
    unit: 'µs',
    clock: 'cpu',
    rounds: 301,
    sample: 40,
    async ours() {
      const Thing = await thingModel(install);
      const tally = new Tally();
      for (const receiver of tally.receivers(RECEIVERS, 'event.instance.id > 0')) {
        postSave.connect(receiver, { sender: Thing });
      }
      return creating(Thing, tally);
    },
    peers: {
      async [HOOKS]() {
        const Thing = await thingModel();
        const tally = new Tally();
        for (const hook of tally.receivers(RECEIVERS, 'event.id > 0')) Thing.afterSave(hook);
        return creating(Thing, tally);
      },
    },
    targets: [{ against: HOOKS, atMost: 1.02 }],
  },
];
