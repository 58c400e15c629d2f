/**
 * Run by model-lives.test.ts in a process of its own. Prints what is still alive of models that
 * were defined anew, by the title of the case.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { type Model, type ModelStatic, Sequelize } from 'sequelize';
import { install, postDelete, postSave, preSave } from 'sequelize-signals';
import { ReplacedMethods } from '#lib/sequelize/replaced-methods';
import { printOutcomes } from '../support/print-outcomes.js';

const collect = globalThis.gc as () => void;

async function settle(): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    await turn();
    collect();
    await turn();
  }
}

const sequelize = new Sequelize({ dialect: 'sqlite', storage: ':memory:', logging: false });

function define(name: string): ModelStatic<Model> {
  return sequelize.define(name, {}, { timestamps: false });
}

/** Defines what `make` does ten times, each in the place of the last, and counts what is alive of the first nine. */
async function aliveAfter(make: () => object[]): Promise<number> {
  const old: WeakRef<object>[] = [];
  for (let round = 0; round < 9; round += 1) {
    old.push(...make().map((made) => new WeakRef(made)));
    await turn();
  }
  make();
  await settle();
  return old.filter((reference) => reference.deref() !== undefined).length;
}

const CASES: Record<string, () => Promise<number>> = {
  'models that were defined anew': () => aliveAfter(() => [define('Plain')]),

  'models that were defined anew, each with receivers of its own': () =>
    aliveAfter(() => {
      const model = define('Heard');
      for (const signal of [preSave, postSave]) signal.connect(() => model, { sender: model });
      postDelete.connect(() => {}, { sender: model, dispatchUid: 'heard' });
      return [model];
    }),

  'models that were linked through the same model as those in their place': async () => {
    // Sequelize itself keeps the first two with the model of the links.
    linkAnew();
    return aliveAfter(linkAnew);
  },

  'memory that 100,000 models took whose methods were replaced': async () => {
    const replaced = new ReplacedMethods<object>();
    const replace = async (): Promise<number> => {
      for (let number = 0; number < 100_000; number += 1) {
        replaced.add({}, () => []);
        if (number % 2000 === 0) await settle();
      }
      await settle();
      return process.memoryUsage().heapUsed;
    };
    // The first ones grow tables and compile functions, and those stay.
    const before = await replace();
    const bytes = ((await replace()) - before) / 100_000;
    replaced.undo(); // until here, it is alive
    return bytes < 30 ? 0 : bytes;
  },
};

function linkAnew(): object[] {
  const [Post, Tag] = [define('Post'), define('Tag')];
  Post.belongsToMany(Tag, { through: 'PostTag' });
  Tag.belongsToMany(Post, { through: 'PostTag' });
  return [Post, Tag];
}

async function main(): Promise<void> {
  install(sequelize);

  await printOutcomes(CASES);
}

void main();
