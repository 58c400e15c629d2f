/**
 * Run by lives.test.ts in a process of its own. Prints what is still alive of what has ended while a
 * test goes on, by the title of the case.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { Sequelize } from 'sequelize';
import { atomic, install, Signal } from 'sequelize-signals';
import { muteSignals, testTransaction } from 'sequelize-signals/testing';

const collect = globalThis.gc as () => void;

async function aliveOf(references: readonly WeakRef<object>[]): Promise<number> {
  for (let round = 0; round < 4; round += 1) {
    await turn();
    collect();
    await turn();
  }
  return references.filter((reference) => reference.deref() !== undefined).length;
}

const sequelize = new Sequelize({ dialect: 'sqlite', storage: ':memory:', logging: false });

/** Counts what is alive of the first nine of ten blocks, while the test that they ran in is open. */
async function aliveOfBlocks(inside: () => unknown): Promise<number> {
  const test = testTransaction();
  await test.begin();
  const old: WeakRef<object>[] = [];
  for (let number = 0; number < 9; number += 1) {
    await atomic(async (transaction) => {
      old.push(new WeakRef(transaction));
      await inside();
    });
  }
  await atomic(inside);
  const alive = await aliveOf(old);
  await test.rollback();
  return alive;
}

const CASES: Record<string, () => Promise<number>> = {
  'blocks that sent nothing': () => aliveOfBlocks(() => {}),

  'blocks that sent queries': () => aliveOfBlocks(() => sequelize.query('SELECT 1')),

  'mutes that a flow went on from': () => {
    const mute = muteSignals(new Signal());
    const old: WeakRef<object>[] = [];
    return new Promise((resolve) => {
      const go = (): void => {
        if (old.length === 10) resolve(aliveOf(old.slice(0, -1)));
        else
          void mute.run(({ suppressed }) => {
            old.push(new WeakRef(suppressed));
            setImmediate(go); // in the flow of this mute, which has ended by then
          });
      };
      go();
    });
  },
};

async function main(): Promise<void> {
  install(sequelize);

  const outcomes: Record<string, number> = {};
  for (const [title, run] of Object.entries(CASES)) outcomes[title] = await run();
  console.log(JSON.stringify(outcomes));
}

void main();
