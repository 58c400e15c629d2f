/**
 * Run by lives.test.ts in a process of its own. Prints what is still alive of what has ended while a
 * block or a flow goes on, by the title of the case.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Sequelize } from 'sequelize';
import { atomic, install, onCommit, transaction } from 'sequelize-signals';
import { aliveOf, bytesLeftBy } from '../support/heap.js';
import { printOutcomes } from '../support/print-outcomes.js';

const sequelize = new Sequelize({ dialect: 'sqlite', storage: ':memory:', logging: false });

const query = (): Promise<unknown> => sequelize.query('SELECT 1');

const CASES: Record<string, () => Promise<number>> = {
  'queries of a block that goes on': () => atomic(() => bytesLeftBy(500, query)),

  'nested blocks of one that goes on': () => atomic(() => bytesLeftBy(500, () => atomic(query))),

  'nested blocks that failed, with their callbacks': () =>
    atomic(() =>
      bytesLeftBy(500, () =>
        atomic(async () => {
          await query();
          await onCommit(() => {});
          throw new Error('no');
        }).catch(() => {}),
      ),
    ),

  'savepoints of a block that goes on': () =>
    atomic(() =>
      bytesLeftBy(500, async () => {
        const sid = await transaction.savepoint();
        await query();
        await transaction.savepointRollback(sid);
        await transaction.savepointCommit(sid);
      }),
    ),

  'transactions of Sequelize in one that goes on': () =>
    sequelize.transaction((around) =>
      bytesLeftBy(500, () => sequelize.transaction({ transaction: around }, query)),
    ),

  'steps of a flow that goes outside of a block again and again': () => {
    let inFlow = AsyncLocalStorage.snapshot();
    return bytesLeftBy(500, () =>
      inFlow(() =>
        atomic(() =>
          transaction.outside(async () => {
            inFlow = AsyncLocalStorage.snapshot();
            await query();
          }),
        ),
      ),
    );
  },

  'blocks whose callback queries, and begins the next one': () => {
    const begun: WeakRef<object>[] = [];
    return new Promise((resolve, reject) => {
      const begin = (): Promise<unknown> =>
        atomic(async (t) => {
          begun.push(new WeakRef(t));
          await query();
          await onCommit(async () => {
            await query();
            if (begun.length < 10) setImmediate(() => begin().catch(reject));
            else resolve(aliveOf(begun.slice(0, -1)));
          });
        });
      begin().catch(reject);
    });
  },

  'blocks that lost, and were run again': () =>
    bytesLeftBy(500, () => {
      let attempts = 0;
      return atomic({ retry: { times: 3 } }, async () => {
        await query();
        attempts += 1;
        if (attempts < 3) throw Object.assign(new Error('lost'), { code: '40001' });
      });
    }),
};

async function main(): Promise<void> {
  install(sequelize);

  await printOutcomes(CASES);
}

void main();
