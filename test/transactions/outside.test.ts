import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { atomic, onCommit, transaction } from 'sequelize-signals';
import { deferred } from '../support/deferred.js';
import { describeTransactions, Ledger } from '../support/ledger.js';
import { rejectionOf } from '../support/rejection.js';

describeTransactions('transaction.outside()', (bench) => {
  it('runs the function out of the block, and returns what it returns', async () => {
    await atomic(async (t) => {
      const inside = transaction.outside(() => transaction.inAtomicBlock());
      expect(inside).to.equal(false);
      expect(transaction.outside(() => transaction.current())).to.equal(undefined);
      expect(transaction.current()).to.equal(t);
      expect(await transaction.outside(async () => 'result')).to.equal('result');
    });
  });

  it('runs callbacks at once', async () => {
    await atomic(async () => {
      await transaction.outside(() => onCommit(bench.ledger.callback('at once')));
      expect(bench.ledger.called).to.deep.equal(['at once']);
    });
  });

  it('lets work outlive the block', async () => {
    const ended = deferred();
    let work: Promise<void> | undefined;
    await atomic(async () => {
      work = transaction.outside(async () => {
        await ended.promise;
        await atomic(() => bench.ledger.do('later'));
      });
    });
    ended.resolve();
    await work;

    await bench.ledger.expectDone(['later']);
  });

  it('is nothing outside of a block', () => {
    expect(transaction.outside(() => 'result')).to.equal('result');
  });

  it('throws what the function throws', async () => {
    await atomic(() => {
      const fail = () => {
        throw new Error('of the function');
      };
      expect(() => transaction.outside(fail)).to.throw('of the function');
    });
  });

  it('may open a block, and go back into the one around it by name', async () => {
    await atomic(async (around) => {
      await transaction.outside(async () => {
        await onCommit(bench.ledger.callback('of the block around'), { transaction: around });
        await atomic({ transaction: around }, () => bench.ledger.do('inside again'));
      });
    });

    await bench.ledger.expectDone(['inside again'], ['of the block around', 'inside again']);
  });

  if (bench.database.name !== 'sqlite memory') {
    it('sends queries on another connection, which does not see the block', async () => {
      await rejectionOf(
        atomic(async () => {
          await bench.ledger.write('undone');
          expect(await transaction.outside(() => bench.ledger.entries.count())).to.equal(0);
          throw new Error('rolled back');
        }),
      );

      await bench.ledger.expectDone([]);
    });
  }

  if (bench.database.dialect !== 'sqlite') {
    it('stores at once, whatever becomes of the block', async () => {
      await rejectionOf(
        atomic(async () => {
          await bench.ledger.write('undone');
          await transaction.outside(() => atomic(() => bench.ledger.do('stored')));
          throw new Error('rolled back');
        }),
      );

      await bench.ledger.expectDone(['stored']);
    });
  } else if (bench.database.name === 'sqlite memory') {
    it('refuses a block where the one connection is taken, instead of waiting for ever', async () => {
      await atomic(async () => {
        await bench.ledger.write('stored');
        const error = await rejectionOf(
          transaction.outside(() => atomic(() => bench.ledger.write('never'))),
        );
        expect(error).to.include({ code: 'SIGNALS_TRANSACTION_MISUSED' });
        expect(error.message).to.match(/one connection/);
      });

      await bench.ledger.expectDone(['stored'], []);
    });
  }

  // A namespace of cls-hooked keeps all contexts that it came by.
  if (bench.context.useCLS === 'never') {
    it('keeps nothing of the blocks that have ended, when each starts the next', async () => {
      const begun: WeakRef<object>[] = [];
      const last = deferred<number>();
      const start = (): Promise<void> =>
        atomic(async (t) => {
          await atomic(() => {}); // the next one begins in a flow that has been deeper
          begun.push(new WeakRef(t));
          if (begun.length < 50) {
            void atomic(() => transaction.outside(start));
            return;
          }
          last.resolve(await countAlive(begun));
        });
      void start();

      expect(await last.promise).to.be.lessThan(5);
    });
  }

  it('with `using` leaves the blocks of other databases alone', async () => {
    const other = bench.context.install(bench.database.connect(), { using: 'other' });
    const elsewhere = await Ledger.join(other.sequelize);

    await atomic(async () => {
      await other.atomic(async () => {
        transaction.outside(
          () => {
            expect(transaction.inAtomicBlock()).to.equal(true);
            expect(other.inAtomicBlock()).to.equal(false);
          },
          { using: 'other' },
        );
        transaction.outside(() => {
          expect([transaction.inAtomicBlock(), other.inAtomicBlock()]).to.deep.equal([
            false,
            false,
          ]);
        });
        await elsewhere.entries.count();
      });
    });

    other.uninstall();
  });
});

/** How many are left when all garbage has gone. */
async function countAlive(references: readonly WeakRef<object>[]): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 4; round += 1) {
    await turn();
    collect();
  }
  return references.filter((reference) => reference.deref() !== undefined).length;
}
