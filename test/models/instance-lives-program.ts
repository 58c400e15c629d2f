/**
 * Run by instance-lives.test.ts in a process of its own. Prints what is still alive of instances
 * and of their values while a block is open, and after it, by the title of the case.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { DataTypes, Model, Sequelize, type Transaction } from 'sequelize';
import { atomic, install } from 'sequelize-signals';
import { Clock } from '#lib/blocks/clock';
import { UndoLog } from '#lib/blocks/undo-log';
import { printOutcomes } from '../support/print-outcomes.js';

const collect = globalThis.gc as () => void;

async function settle(): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    await turn();
    collect();
    await turn();
  }
}

async function aliveOf(references: readonly WeakRef<object>[]): Promise<number> {
  await settle();
  return references.filter((reference) => reference.deref() !== undefined).length;
}

class Order extends Model {
  declare note: object;
}

/** A value that can be found again. */
function noteIn(references: WeakRef<object>[]): object {
  const note = { number: references.length };
  references.push(new WeakRef(note));
  return note;
}

const CASES: Record<string, () => Promise<number>> = {
  'instances that a block has made, and nobody holds': () =>
    atomic(async () => {
      const orders: WeakRef<object>[] = [];
      for (let number = 0; number < 10; number += 1) orders.push(new WeakRef(await Order.create()));
      return aliveOf(orders);
    }),

  'values that an instance had between the nested blocks of one that goes on': () =>
    atomic(async () => {
      const notes: WeakRef<object>[] = [];
      const order = await Order.create();
      for (let number = 0; number < 10; number += 1) {
        await atomic(() => order.update({ note: noteIn(notes) }));
      }
      return (await aliveOf(notes)) - (order.note ? 1 : 0);
    }),

  'values that an instance had before a block whose transaction is kept': async () => {
    const notes: WeakRef<object>[] = [];
    const order = await Order.create({ note: noteIn(notes) });
    const kept: Transaction = await atomic(async (transaction) => {
      await order.update({ note: { last: true } });
      return transaction;
    });
    return (await aliveOf(notes)) + (kept ? 0 : 1);
  },

  'memory that 50,000 things took that nobody holds': async () => {
    const log = new UndoLog(new Clock());
    const block = { parent: undefined, level: { parent: undefined } };
    await settle();
    const before = process.memoryUsage().heapUsed;
    for (let number = 0; number < 50_000; number += 1) {
      log.note({ number }, block, () => ({ putBack() {} }));
      if (number % 2000 === 0) await settle();
    }
    await settle();
    const bytes = (process.memoryUsage().heapUsed - before) / 50_000;
    log.undoSince(0, () => true); // until here, the log is alive
    return bytes < 15 ? 0 : bytes;
  },
};

async function main(): Promise<void> {
  const sequelize = new Sequelize({ dialect: 'sqlite', storage: ':memory:', logging: false });
  install(sequelize);
  Order.init({ note: DataTypes.JSON }, { sequelize, timestamps: false });
  await sequelize.sync();

  await printOutcomes(CASES);
}

void main();
