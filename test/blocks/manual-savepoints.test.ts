import { expect } from 'chai';
import {
  atomic,
  onCommit,
  RolledBackError,
  TransactionManagementError,
  transaction,
} from 'sequelize-signals';
import { deferred } from '../support/deferred.js';
import { describeTransactions } from '../support/ledger.js';
import { rejectionOf } from '../support/rejection.js';

const { savepoint, savepointCommit, savepointRollback } = transaction;

describeTransactions('a manual savepoint', (bench) => {
  it('undoes what came after it', async () => {
    await atomic(async () => {
      await bench.ledger.do('before');
      const sid = await savepoint();
      await bench.ledger.write('after');
      await savepointRollback(sid);
      await bench.ledger.do('later');
    });

    await bench.ledger.expectDone(['before', 'later']);
  });

  it('drops the callbacks that came after it, and no others (D-255 is fixed)', async () => {
    await atomic(async () => {
      await onCommit(bench.ledger.callback('before'));
      const sid = await savepoint();
      await onCommit(bench.ledger.callback('after'));
      await atomic(() => onCommit(bench.ledger.callback('in a block after')));
      await savepointRollback(sid);
      await onCommit(bench.ledger.callback('later'));
    });

    expect(bench.ledger.called).to.deep.equal(['before', 'later']);
  });

  it('drops a callback that came after it, also when its block is ending meanwhile', async () => {
    let rolledBack: Promise<void> | undefined;

    await atomic(() =>
      atomic(async () => {
        await bench.ledger.do('before');
        const sid = await savepoint();
        await onCommit(bench.ledger.callback('after'));
        rolledBack = savepointRollback(sid);
      }),
    );

    await rolledBack;
    await bench.ledger.expectDone(['before']);
  });

  it('takes with it a savepoint that waits to be set in a younger one', async () => {
    await atomic(async (t) => {
      await bench.ledger.do('before');
      const sid = await savepoint();
      const younger = await bench.sequelize.transaction({ transaction: t });
      const rolledBack = savepointRollback(sid);
      const error = await rejectionOf(
        bench.sequelize.transaction({ transaction: younger }, (inner) =>
          bench.ledger.write('undone', inner),
        ),
      );
      await rolledBack;
      expect(error).to.be.instanceOf(TransactionManagementError);
      await rejectionOf(younger.commit());
      await bench.ledger.do('after');
    });

    await bench.ledger.expectDone(['before', 'after']);
  });

  it('can be rolled back to more than once', async () => {
    await atomic(async () => {
      const sid = await savepoint();
      await bench.ledger.do('first attempt');
      await savepointRollback(sid);
      await bench.ledger.do('second attempt');
      await savepointRollback(sid);
      await bench.ledger.do('third attempt');
    });

    await bench.ledger.expectDone(['third attempt']);
  });

  it('keeps what came after it when it is forgotten', async () => {
    await atomic(async () => {
      const sid = await savepoint();
      await bench.ledger.do('kept');
      await savepointCommit(sid);
    });

    expect(bench.statements.verbs()).to.deep.equal([
      'BEGIN',
      'SAVEPOINT',
      'INSERT',
      ...(bench.database.leavesReleasesOut ? [] : ['RELEASE']),
      'COMMIT',
    ]);
    await bench.ledger.expectDone(['kept']);
  });

  it('has an id that no other one gets (D-233, D-235)', async () => {
    const ids = await atomic(async () => {
      const first = await savepoint();
      await atomic(() => bench.ledger.do('in a block'));
      const second = await savepoint();
      await savepointRollback(first);
      return [first, second, await savepoint()];
    });

    expect(new Set([...ids, ...bench.statements.savepoints()]).size).to.equal(4);
    await bench.ledger.expectDone([]);
  });

  it('makes a block sound again that an error broke after it', async () => {
    await atomic(async () => {
      await bench.ledger.do('stored');
      const sid = await savepoint();
      await rejectionOf(bench.ledger.write('stored'));
      expect(transaction.getRollback()).to.equal(true);
      await savepointRollback(sid);
      expect(transaction.getRollback()).to.equal(false);
      await bench.ledger.do('more');
    });

    await bench.ledger.expectDone(['stored', 'more']);
  });

  it('does not take setRollback(true) back', async () => {
    await atomic(async () => {
      const sid = await savepoint();
      await bench.ledger.do('undone');
      transaction.setRollback(true);
      await savepointRollback(sid);
      expect(transaction.getRollback()).to.equal(true);
    });

    await bench.ledger.expectDone([]);
  });

  it('is nothing outside of a block (D-233)', async () => {
    expect(await savepoint()).to.equal(undefined);
    await savepointCommit(undefined);
    await savepointRollback(undefined);
    await savepointRollback('anything');

    expect(bench.statements.all).to.deep.equal([]);
  });

  it('is refused when the id is not one of this transaction', async () => {
    const old = await atomic(() => savepoint());
    bench.statements.clear();

    await atomic(async () => {
      for (const sid of [old, 'made up', undefined]) {
        for (const end of [savepointCommit, savepointRollback]) {
          const error = await rejectionOf(end(sid));
          expect(error).to.include({ code: 'SIGNALS_TRANSACTION_MISUSED' });
        }
      }
      expect(bench.statements.all).to.deep.equal([]);
    });
  });

  it('is refused after it was forgotten', async () => {
    await atomic(async () => {
      const sid = await savepoint();
      await savepointCommit(sid);
      const error = await rejectionOf(savepointRollback(sid));
      expect(error).to.include({ code: 'SIGNALS_TRANSACTION_MISUSED' });
      await bench.ledger.do('stored');
    });

    await bench.ledger.expectDone(['stored']);
  });

  it('is gone with the block that it was set in, loudly', async () => {
    const error = await rejectionOf(
      atomic(async () => {
        const sid = await atomic(() => savepoint());
        await bench.ledger.do('after');
        await savepointRollback(sid);
      }),
    );

    expect(error).to.be.an('error');
    await bench.ledger.expectDone([]);
  });

  it('is rolled back before the end of the block also when nobody awaits that', async () => {
    await atomic(async () => {
      await bench.ledger.do('before');
      const sid = await savepoint();
      await bench.ledger.do('after');
      void savepointRollback(sid);
    });

    await bench.ledger.expectDone(['before']);
  });

  it('works in a transaction of Sequelize', async () => {
    await bench.sequelize.transaction(async () => {
      await bench.ledger.do('before');
      const sid = await savepoint();
      await bench.ledger.do('after');
      await savepointRollback(sid);
    });

    await bench.ledger.expectDone(['before']);
  });

  it('undoes what an older block wrote that is open beside it, and that block rejects', async () => {
    await atomic(async () => {
      const isOpen = deferred();
      const set = deferred();
      const written = deferred();
      const rolledBack = deferred();
      const nested = rejectionOf(
        atomic(async () => {
          await bench.ledger.do('before the savepoint');
          isOpen.resolve();
          await set.promise;
          await bench.ledger.do('after it');
          written.resolve();
          await rolledBack.promise;
        }),
      );
      await isOpen.promise;
      const sid = await savepoint();
      set.resolve();
      await written.promise;
      await savepointRollback(sid);
      rolledBack.resolve();

      const error = await nested;
      expect(error).to.be.instanceOf(RolledBackError);
      expect(error.cause).to.include({ code: 'SIGNALS_TRANSACTION_OVERLAP' });
      await bench.ledger.do('outer');
    });

    await bench.ledger.expectDone(['outer']);
  });

  it('leaves an older block alone that is open beside it and only read', async () => {
    await atomic(async () => {
      const isOpen = deferred();
      const rolledBack = deferred();
      const nested = atomic(async () => {
        await bench.ledger.do('nested');
        isOpen.resolve();
        await rolledBack.promise;
        await bench.ledger.entries.count();
      });
      await isOpen.promise;
      const sid = await savepoint();
      await bench.ledger.do('undone');
      await savepointRollback(sid);
      rolledBack.resolve();
      await nested;
    });

    await bench.ledger.expectDone(['nested']);
  });

  it('undoes a younger block that is open beside it, which rejects', async () => {
    await atomic(async () => {
      const sid = await savepoint();
      const written = deferred();
      const rolledBack = deferred();
      const nested = rejectionOf(
        atomic(async () => {
          await bench.ledger.do('nested');
          written.resolve();
          await rolledBack.promise;
        }),
      );
      await written.promise;
      await savepointRollback(sid);
      rolledBack.resolve();

      expect((await nested).cause).to.include({ code: 'SIGNALS_TRANSACTION_OVERLAP' });
      await bench.ledger.do('outer');
    });

    await bench.ledger.expectDone(['outer']);
  });

  it('leaves no query to a younger savepoint of Sequelize, which is gone', async () => {
    await bench.sequelize.transaction(async (t) => {
      const sid = await savepoint();
      const younger = await bench.sequelize.transaction({ transaction: t });
      await savepointRollback(sid);

      const error = await rejectionOf(bench.ledger.write('late', younger));
      await younger.rollback();

      expect(error.cause).to.include({ code: 'SIGNALS_TRANSACTION_OVERLAP' });
    });

    await bench.ledger.expectDone([], []);
  });

  it('that was set in a failed block without a savepoint does not mend that block', async () => {
    let sid: string | undefined;

    const error = await rejectionOf(
      atomic(async () => {
        await rejectionOf(
          atomic({ savepoint: false }, async () => {
            await bench.ledger.do('half of it');
            sid = await savepoint();
            throw new Error('of the inner function');
          }),
        );
        await savepointRollback(sid);
        expect(transaction.getRollback()).to.equal(true);
      }),
    );

    expect(error).to.be.instanceOf(RolledBackError);
    expect((error.cause as Error).message).to.equal('of the inner function');
    await bench.ledger.expectDone([]);
  });

  it('mends none that failed with an error after it, and without a savepoint', async () => {
    let sid: string | undefined;

    const error = await rejectionOf(
      atomic(async () => {
        await rejectionOf(
          atomic({ savepoint: false }, async () => {
            await bench.ledger.do('half of it');
            sid = await savepoint();
            await bench.sequelize.query('SELECT nonsense');
          }),
        );
        await savepointRollback(sid);
        expect(transaction.getRollback()).to.equal(true);
      }),
    );

    expect(error).to.be.instanceOf(RolledBackError);
    await bench.ledger.expectDone([]);
  });

  it('mends a block without a savepoint that is all after it', async () => {
    await atomic(async () => {
      const sid = await savepoint();
      await rejectionOf(
        atomic({ savepoint: false }, async () => {
          await bench.ledger.do('all of it');
          throw new Error('of the inner function');
        }),
      );
      await savepointRollback(sid);
      await bench.ledger.do('after');
    });

    await bench.ledger.expectDone(['after']);
  });

  it('may be rolled back to in a block without a savepoint, and undoes what came before that', async () => {
    await atomic(async () => {
      const sid = await savepoint();
      await bench.ledger.do('undone');
      await atomic({ savepoint: false }, () => savepointRollback(sid));
      await bench.ledger.do('after');
    });

    await bench.ledger.expectDone(['after']);
  });

  it('is refused in a block with a savepoint of its own, which would be gone', async () => {
    await atomic(async () => {
      const sid = await savepoint();
      await atomic(async () => {
        await bench.ledger.do('inner');
        const error = await rejectionOf(savepointRollback(sid));
        expect(error).to.include({ code: 'SIGNALS_TRANSACTION_MISUSED' });
      });
    });

    await bench.ledger.expectDone(['inner']);
  });

  it('is gone with an older one that is rolled back to', async () => {
    await atomic(async () => {
      const older = await savepoint();
      const younger = await savepoint();
      await savepointRollback(older);

      const error = await rejectionOf(savepointRollback(younger));
      expect(error).to.include({ code: 'SIGNALS_TRANSACTION_MISUSED' });
      await bench.ledger.do('after');
    });

    await bench.ledger.expectDone(['after']);
  });
});
