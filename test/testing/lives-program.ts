/**
 * Run by lives.test.ts in a process of its own. Prints what is still alive of what has ended while a
 * test goes on, by the title of the case.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Sequelize } from 'sequelize';
import { atomic, install, onCommit, Signal, transaction } from 'sequelize-signals';
import { captureOnCommitCallbacks, muteSignals, testTransaction } from 'sequelize-signals/testing';
import { aliveOf, bytesLeftBy } from '../support/heap.js';
import { printOutcomes } from '../support/print-outcomes.js';

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

const query = (): Promise<unknown> => sequelize.query('SELECT 1');

/** What rounds leave behind in the transaction of a test that is open. */
async function bytesLeftInTest(round: () => unknown): Promise<number> {
  const test = testTransaction();
  await test.begin();
  const bytes = await bytesLeftBy(500, round);
  await test.rollback();
  return bytes;
}

/** A block that failed has no callbacks, which a capture could not let go of. */
const failingBlock = (): Promise<void> =>
  atomic(async () => {
    await onCommit(() => {});
    throw new Error('no');
  }).catch(() => {});

const CASES: Record<string, () => Promise<number>> = {
  'blocks that sent nothing': () => aliveOfBlocks(() => {}),

  'blocks that sent queries': () => aliveOfBlocks(() => sequelize.query('SELECT 1')),

  'savepoints that were set by hand in a block of its own each': () =>
    bytesLeftInTest(() =>
      atomic(async () => {
        await query();
        await transaction.savepoint();
        await transaction.savepointCommit(await transaction.savepoint());
      }),
    ),

  'transactions of Sequelize, nested ones too': () =>
    bytesLeftInTest(() =>
      sequelize.transaction((t) => sequelize.transaction({ transaction: t }, query)),
    ),

  'tests inside of a test': () =>
    bytesLeftInTest(async () => {
      const inner = testTransaction();
      await inner.begin();
      await atomic(query);
      await inner.rollback();
    }),

  'blocks without callbacks in a capture that is open': async () => {
    let bytes = 0;
    await captureOnCommitCallbacks(async () => {
      bytes = await bytesLeftBy(2000, failingBlock);
    });
    return bytes;
  },

  'blocks without callbacks in a capture of the whole process': async () => {
    let bytes = 0;
    await captureOnCommitCallbacks.everywhere(async () => {
      bytes = await bytesLeftBy(2000, failingBlock);
    });
    return bytes;
  },

  'captures that have ended, of a flow that goes on in each': () => {
    let inFlow = AsyncLocalStorage.snapshot();
    return bytesLeftBy(1000, () =>
      inFlow(() =>
        captureOnCommitCallbacks(() =>
          captureOnCommitCallbacks.everywhere(async () => {
            inFlow = AsyncLocalStorage.snapshot();
            await onCommit(() => {});
          }),
        ),
      ),
    );
  },

  'mutes that have ended, of the whole process and of a flow that goes on in each': () => {
    const signal = new Signal();
    let inFlow = AsyncLocalStorage.snapshot();
    return bytesLeftBy(3000, () =>
      inFlow(() =>
        muteSignals(signal).everywhere(() =>
          muteSignals(signal).run(() => {
            inFlow = AsyncLocalStorage.snapshot();
            return signal.send(undefined);
          }),
        ),
      ),
    );
  },

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

  await printOutcomes(CASES);
}

void main();
