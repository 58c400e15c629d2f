import { expect } from 'chai';
import { Sequelize, Transaction } from 'sequelize';
import { atomic, onCommit, postSave, transaction } from 'sequelize-signals';
import { failCommit } from 'sequelize-signals/testing';
import { FORMS } from '../support/forms.js';
import { describeTransactions, type Entry } from '../support/ledger.js';
import { rejectionOf } from '../support/rejection.js';

describeTransactions('a transaction of Sequelize', (bench) => {
  const called = () => bench.ledger.called;

  describe('with a function', () => {
    it('commits, and resolves to the result', async () => {
      const result = await bench.sequelize.transaction(async (t) => {
        expect(t).to.be.instanceOf(Transaction);
        await bench.ledger.write('stored', t);
        return 42;
      });

      expect(result).to.equal(42);
      expect(bench.statements.verbs()).to.deep.equal(['BEGIN', 'INSERT', 'COMMIT']);
      await bench.ledger.expectDone(['stored'], []);
    });

    it('rolls back, and rejects with the error', async () => {
      const error = await rejectionOf(
        bench.sequelize.transaction(async (t) => {
          await bench.ledger.write('undone', t);
          throw new Error('of the function');
        }),
      );

      expect(error.message).to.equal('of the function');
      await bench.ledger.expectDone([]);
    });

    it('takes options before the function, and leaves them as they are', async () => {
      const options = Object.freeze({
        isolationLevel: Transaction.ISOLATION_LEVELS.READ_COMMITTED,
        transaction: undefined,
      });

      await bench.sequelize.transaction(options, (t) => bench.ledger.write('stored', t));

      expect(bench.statements.all.join('\n')).to.match(/READ[ _](UN)?COMMITTED/i);
      await bench.ledger.expectDone(['stored'], []);
    });

    it('begins at once, also when nothing is done in it', async () => {
      await bench.sequelize.transaction(async () => {
        expect(bench.statements.verbs()).to.deep.equal(['BEGIN']);
      });

      expect(bench.statements.verbs()).to.deep.equal(['BEGIN', 'COMMIT']);
    });

    it('is joined by queries, onCommit() and atomic()', async () => {
      await bench.sequelize.transaction(async () => {
        expect(transaction.inAtomicBlock()).to.equal(true);
        await bench.ledger.do('joined');
        await atomic(() => bench.ledger.do('nested'));
        expect(called()).to.deep.equal([]);
      });

      await bench.ledger.expectDone(['joined', 'nested']);
    });

    it('undoes what joined it', async () => {
      await rejectionOf(
        bench.sequelize.transaction(async () => {
          await bench.ledger.do('joined');
          await atomic(() => bench.ledger.do('nested'));
          throw new Error('rolled back');
        }),
      );

      await bench.ledger.expectDone([]);
    });

    it('is a savepoint when it is given a transaction', async () => {
      await bench.sequelize.transaction(async (outer) => {
        await rejectionOf(
          bench.sequelize.transaction({ transaction: outer }, async (inner) => {
            await bench.ledger.write('inner', inner);
            throw new Error('inner');
          }),
        );
        await bench.ledger.write('outer', outer);
      });

      expect(bench.statements.verbs()).to.include('ROLLBACK TO');
      await bench.ledger.expectDone(['outer'], []);
    });

    it('may catch an error of the server, and goes on where the server does', async () => {
      const outcome = bench.sequelize.transaction(async (t) => {
        await bench.ledger.write('stored', t);
        await rejectionOf(bench.ledger.write('stored', t));
        await bench.ledger.write('after', t);
      });

      if (bench.database.dialect === 'postgres') {
        expect((await rejectionOf(outcome)).message).to.include('current transaction is aborted');
        return await bench.ledger.expectDone([]);
      }
      await outcome;
      await bench.ledger.expectDone(['stored', 'after'], []);
    });

    it('may be ended by hand inside its function, and rejects when that returns (D-267)', async () => {
      const kept = await rejectionOf(
        bench.sequelize.transaction(async (t) => {
          await bench.ledger.do('kept');
          await t.commit();
        }),
      );
      const undone = await rejectionOf(
        bench.sequelize.transaction(async (t) => {
          await bench.ledger.do('undone');
          await t.rollback();
        }),
      );
      const thrown = await rejectionOf(
        bench.sequelize.transaction(async (t) => {
          await bench.ledger.do('kept as well');
          await t.commit();
          throw new Error('of the function');
        }),
      );

      for (const error of [kept, undone]) {
        expect(error).to.include({ code: 'SIGNALS_TRANSACTION_ENDED' });
      }
      expect(thrown.message).to.equal('of the function');
      await bench.ledger.expectDone(['kept', 'kept as well']);
    });

    if (['mysql', 'mariadb'].includes(bench.database.dialect)) {
      it('is one to sequelize.set() too', async () => {
        await atomic(async (t) => {
          await bench.sequelize.set({ foreign_key_checks: 0 }, { transaction: t });
          await bench.sequelize.set({ foreign_key_checks: 1 }, { transaction: t });
        });

        expect(bench.statements.verbs()).to.deep.equal(['BEGIN', 'SET', 'SET', 'COMMIT']);
      });
    }

    if (bench.database.dialect !== 'sqlite') {
      it('is one of its own inside another one that is not named', async () => {
        await rejectionOf(
          atomic(async () => {
            await bench.ledger.write('undone');
            await bench.sequelize.transaction((t) => bench.ledger.write('stored', t));
            throw new Error('rolled back');
          }),
        );

        await bench.ledger.expectDone(['stored'], []);
      });
    }
  });

  describe('without one', () => {
    it('is ended by hand', async () => {
      const kept = await bench.sequelize.transaction();
      await bench.ledger.write('kept', kept);
      await kept.commit();
      const undone = await bench.sequelize.transaction();
      await bench.ledger.write('undone', undone);
      await undone.rollback();

      await bench.ledger.expectDone(['kept'], []);
    });

    it('is not the current one (S15, J-20)', async () => {
      const unmanaged = await bench.sequelize.transaction();

      expect(transaction.current()).to.equal(undefined);
      expect(transaction.inAtomicBlock()).to.equal(false);

      await unmanaged.rollback();
    });

    it('is not waited for by onCommit() that does not name it (D-246)', async () => {
      const unmanaged = await bench.sequelize.transaction();

      await onCommit(bench.ledger.callback('at once'));
      await unmanaged.rollback();

      expect(called()).to.deep.equal(['at once']);
    });

    it('takes onCommit() and atomic() by name (D-228, D-268)', async () => {
      const unmanaged = await bench.sequelize.transaction();
      await onCommit(bench.ledger.callback('first'), { transaction: unmanaged });
      await atomic({ transaction: unmanaged }, async (t) => {
        await bench.ledger.do('nested');
        expect(transaction.current()).to.equal(t);
      });
      await rejectionOf(
        atomic({ transaction: unmanaged }, async () => {
          await bench.ledger.do('undone');
          throw new Error('inner');
        }),
      );
      expect(called()).to.deep.equal([]);
      await unmanaged.commit();

      await bench.ledger.expectDone(['nested'], ['first', 'nested']);
    });

    it('can be ended once', async () => {
      const t = await bench.sequelize.transaction();
      await t.commit();

      for (const end of [() => t.commit(), () => t.rollback()]) {
        expect(await rejectionOf(end)).to.include({ code: 'SIGNALS_TRANSACTION_ENDED' });
      }
    });

    for (const [first, second] of [
      ['commit', 'rollback'],
      ['rollback', 'commit'],
    ] as const) {
      it(`is ended by the first of two who end it at once: ${first}`, async () => {
        const t = await bench.sequelize.transaction();
        await bench.ledger.write('written', t);

        const [, refused] = await Promise.all([t[first](), rejectionOf(t[second]())]);

        expect(refused).to.include({ code: 'SIGNALS_TRANSACTION_COMMITTING' });
        await bench.ledger.expectDone(first === 'commit' ? ['written'] : [], []);
      });
    }

    it('ended inside a block of it, undoes that block and rejects it', async () => {
      const unmanaged = await bench.sequelize.transaction();
      await onCommit(bench.ledger.callback('outer'), { transaction: unmanaged });

      const error = await rejectionOf(
        atomic({ transaction: unmanaged }, async () => {
          await bench.ledger.do('inner');
          await unmanaged.commit();
        }),
      );

      expect(error).to.include({ code: 'SIGNALS_TRANSACTION_ENDED' });
      await bench.ledger.expectDone([], ['outer']);
    });

    it('takes no query after its end', async () => {
      const t = await bench.sequelize.transaction();
      await t.rollback();

      const error = await rejectionOf(bench.ledger.write('late', t));

      expect(error).to.include({ code: 'SIGNALS_TRANSACTION_ENDED' });
      await bench.ledger.expectDone([]);
    });

    it('shows how it ended', async () => {
      const [kept, undone] = [await bench.sequelize.transaction(), undefined];
      await kept.commit();
      const other = undone ?? (await bench.sequelize.transaction());
      await other.rollback();

      const finished = [kept, other].map((t) => (t as { finished?: string }).finished);
      expect(finished).to.deep.equal(['commit', 'rollback']);
    });
  });

  describe('afterCommit()', () => {
    it('runs after the COMMIT, with the transaction, awaited, in order with onCommit()', async () => {
      await bench.sequelize.transaction(async (t) => {
        await onCommit(bench.ledger.callback('1'));
        t.afterCommit(async (given) => {
          expect(given).to.equal(t);
          await bench.ledger.entries.count();
          bench.ledger.callback('2')();
        });
        await onCommit(bench.ledger.callback('3'));
        await bench.ledger.write('stored');
      });

      await bench.ledger.expectDone(['stored'], ['1', '2', '3']);
    });

    it('of a savepoint waits for the COMMIT (J-17)', async () => {
      await bench.sequelize.transaction(async (outer) => {
        await bench.sequelize.transaction({ transaction: outer }, async (inner) => {
          inner.afterCommit(bench.ledger.callback('inner'));
        });
        const unmanaged = await bench.sequelize.transaction({ transaction: outer });
        unmanaged.afterCommit(bench.ledger.callback('unmanaged'));
        await unmanaged.commit();
        expect(called()).to.deep.equal([]);
      });

      expect(called()).to.deep.equal(['inner', 'unmanaged']);
    });

    it('of a savepoint is dropped with it, and with the transaction', async () => {
      await bench.sequelize.transaction(async (outer) => {
        const undone = await bench.sequelize.transaction({ transaction: outer });
        undone.afterCommit(bench.ledger.callback('undone'));
        await undone.rollback();
      });
      await rejectionOf(
        bench.sequelize.transaction(async (outer) => {
          await bench.sequelize.transaction({ transaction: outer }, async (inner) => {
            inner.afterCommit(bench.ledger.callback('undone with all'));
          });
          throw new Error('outer');
        }),
      );

      expect(called()).to.deep.equal([]);
    });

    it('serves the hooks of models, which find the transaction in their options', async () => {
      bench.ledger.entries.addHook('afterCreate', 'tell', (entry, { transaction: t }) => {
        t?.afterCommit(bench.ledger.callback((entry as Entry).name));
      });

      await atomic(async () => {
        await bench.ledger.write('of the block');
        await rejectionOf(
          atomic(async () => {
            await bench.ledger.write('undone');
            throw new Error('inner');
          }),
        );
        await atomic({ savepoint: false }, () =>
          bench.ledger.write('of a block without savepoint'),
        );
        expect(called()).to.deep.equal([]);
      });
      bench.ledger.entries.removeHook('afterCreate', 'tell');

      await bench.ledger.expectDone(['of the block', 'of a block without savepoint']);
    });

    it('refuses what is no function', async () => {
      await bench.sequelize.transaction(async (t) => {
        expect(() => t.afterCommit('name' as never)).to.throw(TypeError);
      });
    });
  });
});

describeTransactions('a transaction of any kind', (bench) => {
  for (const form of FORMS) {
    for (const sql of ['COMMIT', 'ROLLBACK', 'BEGIN', '/* of the application */ COMMIT']) {
      it(`refuses ${sql} as a query, and goes on: ${form.title}`, async () => {
        await form.run(bench.sequelize, async (t) => {
          await bench.ledger.write('before', t);
          const error = await rejectionOf(bench.sequelize.query(sql, { transaction: t }));
          expect(error).to.include({ code: 'SIGNALS_TRANSACTION_MISUSED' });
          await bench.ledger.write('after', t);
        });

        await bench.ledger.expectDone(['before', 'after'], []);
      });
    }
  }
});

describeTransactions('a false value as transaction', (bench) => {
  for (const nothing of [null, false, 0, '']) {
    const none = nothing as null;

    it(`is none, as in Sequelize: ${JSON.stringify(nothing)}`, async () => {
      using _receiver = postSave.connect(
        ({ transaction: t }) => {
          expect([t, transaction.current()]).to.deep.equal([undefined, undefined]);
          bench.ledger.callback('outside')();
        },
        { sender: bench.ledger.entries },
      );

      await atomic(async () => {
        await bench.ledger.write('outside', none);
        await bench.sequelize.query('SELECT 1 AS one', { type: 'SELECT', transaction: none });
        expect(bench.statements.verbs()).not.to.include('BEGIN');
      });
      const own = await bench.sequelize.transaction({ transaction: none });
      await own.rollback();

      await bench.ledger.expectDone(['outside']);
    });
  }
});

describeTransactions('the namespace of the application', (bench) => {
  if (bench.context.useCLS === 'never') return;

  const current = () => bench.context.namespace?.get('transaction') ?? undefined;

  it('holds the current transaction inside atomic(), level by level (J-20)', async () => {
    await bench.context.enter(async () => {
      expect(current()).to.equal(undefined);
      await atomic(async (outer) => {
        expect(current()).to.equal(outer);
        await atomic(async (inner) => {
          expect(current()).to.equal(inner);
          await bench.ledger.write('stored');
          expect(current()).to.equal(inner);
        });
        expect(current()).to.equal(outer);
        expect(transaction.outside(current)).to.equal(undefined);
      });
      expect(current()).to.equal(undefined);
    });
  });

  it('holds it inside sequelize.transaction(callback) too', async () => {
    await bench.sequelize.transaction(async (t) => {
      expect(current()).to.equal(t);
      expect(transaction.current()).to.equal(t);
    });
  });

  it('holds none while callbacks run', async () => {
    await atomic(() =>
      onCommit(() => {
        expect(current()).to.equal(undefined);
        bench.ledger.callback('called')();
      }),
    );

    expect(bench.ledger.called).to.deep.equal(['called']);
  });

  it('keeps what else the application has in it', async () => {
    const { namespace } = bench.context;
    await namespace?.runPromise(async () => {
      namespace.set('user', 'Ada');
      await atomic(async () => {
        expect(namespace.get('user')).to.equal('Ada');
        await bench.ledger.entries.count();
        expect(namespace.get('user')).to.equal('Ada');
        await onCommit(() => {
          expect(namespace.get('user')).to.equal('Ada');
        });
      });
      expect(namespace.get('user')).to.equal('Ada');
    });
  });

  it('lets code that the application bound run in the transaction', async () => {
    const { namespace } = bench.context;
    await rejectionOf(
      atomic(async () => {
        const bound = namespace?.bind(() => bench.ledger.write('undone')) as () => Promise<void>;
        await transaction.outside(bound);
        throw new Error('rolled back');
      }),
    );

    await bench.ledger.expectDone([]);
  });

  it('may be given a transaction that is ended by hand, which the work joins', async () => {
    await bench.context.namespace?.runPromise(async () => {
      const t = await bench.sequelize.transaction();
      bench.context.namespace?.set('transaction', t);
      await bench.ledger.write('undone');
      await atomic(() => bench.ledger.write('undone with it'));
      await t.rollback();
    });

    await bench.ledger.expectDone([]);
  });

  it(`may be given one beside which another is begun${bench.database.hasOneConnection ? ', which is refused where there is one connection' : ''}`, async () => {
    await bench.context.namespace?.runPromise(async () => {
      const t = await bench.sequelize.transaction();
      bench.context.namespace?.set('transaction', t);
      const beside = bench.sequelize.transaction(async () => 'done').catch((error) => error);

      const outcome = await beside;
      await t.rollback();

      if (!bench.database.hasOneConnection) return expect(outcome).to.equal('done');
      return expect(outcome).to.include({ code: 'SIGNALS_TRANSACTION_MISUSED' });
    });
  });

  it('is the one that Sequelize has, before and after', () => {
    const { _cls } = Sequelize as unknown as { _cls?: unknown };

    expect(_cls).to.equal(bench.context.namespace);
  });
});

describeTransactions('a transaction of Sequelize that ends', (bench) => {
  type Ending = 'commit' | 'rollback';
  const finishedOf = (t: Transaction) => (t as { readonly finished?: Ending }).finished;

  for (const ending of ['commit', 'rollback'] as const) {
    it(`says so from the call of ${ending}() on, before the statement is sent`, async () => {
      const t = await bench.sequelize.transaction();
      const savepoint = await bench.sequelize.transaction({ transaction: t });

      const first = savepoint[ending]();
      const ofSavepoint = finishedOf(savepoint);
      await first;
      const second = t[ending]();
      const ofWhole = finishedOf(t);
      await second;

      expect([ofSavepoint, ofWhole]).to.deep.equal([ending, ending]);
      expect([finishedOf(savepoint), finishedOf(t)]).to.deep.equal([ending, ending]);
    });

    it(`says so of the savepoints that end with it: ${ending}`, async () => {
      const t = await bench.sequelize.transaction();
      const child = await bench.sequelize.transaction({ transaction: t });
      const grandchild = await bench.sequelize.transaction({ transaction: child });

      await t[ending]();

      expect([child, grandchild].map(finishedOf)).to.deep.equal([ending, ending]);
    });

    it(`refuses a query after ${ending} with the text of Sequelize as its cause, and the query`, async () => {
      const t = await bench.sequelize.transaction();
      const savepoint = await bench.sequelize.transaction({ transaction: t });
      await t[ending]();
      const { id } = t as unknown as { readonly id: string };
      const sql = 'SELECT 1 AS one';

      for (const transaction of [t, savepoint]) {
        for (const query of [` ${sql} `, { query: sql, values: [] }]) {
          const error = await rejectionOf(bench.sequelize.query(query, { transaction }));
          expect(error).to.include({ code: 'SIGNALS_TRANSACTION_ENDED', sql });
          expect(error.cause).to.include({ sql });
          expect((error.cause as Error).message).to.equal(
            `${ending} has been called on this transaction(${id}), you can no longer use it. ` +
              "(The rejected query is attached as the 'sql' property of this error)",
          );
        }
      }
    });

    it(`refuses to end again after ${ending} with the text of Sequelize as its cause`, async () => {
      const t = await bench.sequelize.transaction();
      await t[ending]();

      const texts = await Promise.all(
        [() => t.commit(), () => t.rollback()].map(async (end) => {
          const error = await rejectionOf(end);
          expect(error).to.include({ code: 'SIGNALS_TRANSACTION_ENDED' });
          return (error.cause as Error).message;
        }),
      );

      expect(texts).to.deep.equal([
        `Transaction cannot be committed because it has been finished with state: ${ending}`,
        `Transaction cannot be rolled back because it has been finished with state: ${ending}`,
      ]);
    });
  }

  it('says "rollback" when its COMMIT stored nothing', async () => {
    const t = await bench.sequelize.transaction();
    using _fault = failCommit();

    await rejectionOf(t.commit());

    expect(finishedOf(t)).to.equal('rollback');
  });
});
