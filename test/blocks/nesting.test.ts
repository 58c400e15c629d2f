import { expect } from 'chai';
import type { Transaction } from 'sequelize';
import { atomic, onCommit, TransactionManagementError, transaction } from 'sequelize-signals';
import { blockOf } from '#lib/sequelize/transaction-class';
import { describeTransactions } from '../support/ledger.js';
import { rejectionOf } from '../support/rejection.js';

describeTransactions('nested blocks', (bench) => {
  const failing = (body: () => Promise<unknown>): Promise<Error> =>
    rejectionOf(
      atomic(async () => {
        await body();
        throw new Error('of the inner function');
      }),
    );

  it('set a savepoint and release it (D-208)', async () => {
    await atomic(async () => {
      await bench.ledger.do('outer');
      await atomic(() => bench.ledger.do('inner'));
    });

    expect(bench.statements.verbs()).to.deep.equal([
      'BEGIN',
      'INSERT',
      'SAVEPOINT',
      'INSERT',
      ...(bench.database.leavesReleasesOut ? [] : ['RELEASE']),
      'COMMIT',
    ]);
    await bench.ledger.expectDone(['outer', 'inner']);
  });

  it('roll back to their savepoint and release it, when they fail (D-208)', async () => {
    await atomic(async () => {
      await bench.ledger.do('outer');
      const error = await failing(() => bench.ledger.do('inner'));
      expect(error.message).to.equal('of the inner function');
      await bench.ledger.do('after');
    });

    expect(bench.statements.verbs()).to.deep.equal([
      'BEGIN',
      'INSERT',
      'SAVEPOINT',
      'INSERT',
      'ROLLBACK TO',
      'RELEASE',
      'INSERT',
      'COMMIT',
    ]);
    await bench.ledger.expectDone(['outer', 'after']);
  });

  it('undo the outer block too when their error leaves it', async () => {
    const error = await rejectionOf(
      atomic(async () => {
        await bench.ledger.do('outer');
        await atomic(async () => {
          await bench.ledger.do('inner');
          throw new Error('of the inner function');
        });
      }),
    );

    expect(error.message).to.equal('of the inner function');
    await bench.ledger.expectDone([]);
  });

  it('have savepoints with names of their own, on all levels and one after another (sequelize#18207)', async () => {
    await atomic(async () => {
      await bench.ledger.do('0');
      await atomic(async () => {
        await bench.ledger.do('1');
        await atomic(() => bench.ledger.do('1.1'));
        await atomic(() => bench.ledger.do('1.2'));
      });
      await atomic(async () => {
        await bench.ledger.do('2');
        await atomic(() => bench.ledger.do('2.1'));
      });
    });

    const names = bench.statements.savepoints();
    expect(names).to.have.length(5);
    expect(new Set(names).size).to.equal(5);
    await bench.ledger.expectDone(['0', '1', '1.1', '1.2', '2', '2.1']);
  });

  for (const undone of [0, 1, 2, 3, 4]) {
    it(`five deep, keep what is around level ${undone} when that fails`, async () => {
      const enter = (level: number): Promise<void> =>
        atomic(async () => {
          await bench.ledger.do(`before ${level}`);
          if (level < 4) await enter(level + 1).catch(() => {});
          await bench.ledger.do(`after ${level}`);
          if (level === undone) throw new Error(`level ${level}`);
        });

      await enter(0).catch(() => {});

      const kept = [0, 1, 2, 3, 4].slice(0, undone);
      const [before, after] = [kept.map((l) => `before ${l}`), kept.map((l) => `after ${l}`)];
      await bench.ledger.expectDone([...before, ...after.reverse()]);
    });
  }

  it('run the same transaction, and end in it (D-207)', async () => {
    await atomic(async (outer) => {
      await atomic(async (inner) => {
        expect(inner).to.not.equal(outer);
        expect(transaction.current()).to.equal(inner);
        expect((inner as unknown as { id: string }).id).to.equal(
          (outer as unknown as { id: string }).id,
        );
      });
      expect(transaction.current()).to.equal(outer);
      expect(transaction.inAtomicBlock()).to.equal(true);
    });
  });

  it('nest in the transaction that is named', async () => {
    await atomic(async (outer) => {
      await transaction.outside(() =>
        atomic({ transaction: outer }, () => bench.ledger.do('inner')),
      );
      expect(bench.ledger.called).to.deep.equal([]);
    });

    await bench.ledger.expectDone(['inner']);
  });

  it('nest in the innermost block where an outer one is named, and do not wait for its end', async () => {
    await atomic(async (outer) => {
      await rejectionOf(
        atomic(async () => {
          await atomic({ transaction: outer }, () => bench.ledger.do('undone'));
          await bench.sequelize.transaction({ transaction: outer }, (t) =>
            bench.ledger.write('undone too', t),
          );
          throw new Error('inner');
        }),
      );
      await atomic(async () => {
        await atomic({ transaction: outer }, () => bench.ledger.do('stored'));
      });
    });

    await bench.ledger.expectDone(['stored']);
  });

  describe('where an outer transaction is named', () => {
    const failingInside = (body: (outer: Transaction) => Promise<unknown>) =>
      atomic(async (outer) => {
        await bench.ledger.do('outer');
        await failing(() => body(outer));
        await bench.ledger.do('after');
      });

    it('undo the query, which is sent in the savepoint all the same', async () => {
      await failingInside((outer) => bench.ledger.write('undone', outer));

      await bench.ledger.expectDone(['outer', 'after']);
    });

    it('set their savepoint for the query, when it is the first', async () => {
      await atomic((outer) => atomic(() => bench.ledger.write('stored', outer)));

      expect(bench.statements.verbs().slice(0, 3)).to.deep.equal(['BEGIN', 'SAVEPOINT', 'INSERT']);
      await bench.ledger.expectDone(['stored'], []);
    });

    it('are broken by the query when it fails, and the outer one is not', async () => {
      await failingInside((outer) => rejectionOf(bench.ledger.write('outer', outer)));

      await bench.ledger.expectDone(['outer', 'after']);
    });

    it('show hooks of Sequelize the transaction that was named', async () => {
      const seen: unknown[] = [];
      bench.sequelize.addHook('afterCreate', 'see', (_entry, { transaction: t }) => {
        seen.push(t);
      });

      await atomic((outer) =>
        atomic(async () => {
          await bench.ledger.write('stored', outer);
          expect(seen).to.deep.equal([outer]);
        }),
      ).finally(() => bench.sequelize.removeHook('afterCreate', 'see'));
    });

    it('drop the callbacks, as of onCommit() and of afterCommit()', async () => {
      await failingInside(async (outer) => {
        await onCommit(bench.ledger.callback('onCommit'), { transaction: outer });
        outer.afterCommit(bench.ledger.callback('afterCommit'));
      });

      await bench.ledger.expectDone(['outer', 'after']);
    });

    it('undo the savepoint that is set by hand', async () => {
      await failingInside(async (outer) => {
        const byHand = await bench.sequelize.transaction({ transaction: outer });
        await bench.ledger.write('undone', byHand);
        await byHand.commit();
      });

      await bench.ledger.expectDone(['outer', 'after']);
    });

    it('do the same as transactions of Sequelize', async () => {
      const { sequelize } = bench;
      await sequelize.transaction(async (outer) => {
        await rejectionOf(
          sequelize.transaction({ transaction: outer }, async () => {
            await bench.ledger.write('undone', outer);
            outer.afterCommit(bench.ledger.callback('undone'));
            throw new Error('of the inner function');
          }),
        );
        await bench.ledger.write('stored', outer);
      });

      await bench.ledger.expectDone(['stored'], []);
    });

    it('leave the query to that transaction when it is sent outside of them', async () => {
      await atomic(async (outer) => {
        const error = await rejectionOf(
          atomic(async () => {
            await bench.ledger.write('inner');
            await transaction.outside(() => bench.ledger.entries.count({ transaction: outer }));
            throw new Error('of the inner function');
          }),
        );
        expect(error.message).to.equal('of the inner function');
      });
    });
  });

  if (bench.database.name !== 'sqlite memory') {
    it('are no nested blocks with `transaction: null`', async () => {
      await atomic(async () => {
        await atomic({ transaction: null }, () => bench.ledger.do('own'));
        expect(bench.ledger.called).to.deep.equal(['own']);
        await bench.ledger.entries.count();
      });

      expect(bench.statements.savepoints()).to.deep.equal([]);
    });
  } else {
    it('are refused with `transaction: null`, where there is one connection', async () => {
      await atomic(async () => {
        await bench.ledger.do('outer');
        const error = await rejectionOf(
          atomic({ transaction: null }, () => bench.ledger.do('own')),
        );
        expect(error).to.include({ code: 'SIGNALS_TRANSACTION_MISUSED' });
      });

      await bench.ledger.expectDone(['outer']);
    });
  }

  for (const option of ['isolationLevel', 'readOnly', 'type', 'deferrable', 'retry'] as const) {
    it(`refuse the option ${option}, which only a transaction can have`, async () => {
      const values = {
        isolationLevel: 'SERIALIZABLE',
        readOnly: true,
        type: 'IMMEDIATE',
        deferrable: class {},
        retry: { times: 1 },
      };
      await atomic(async () => {
        const options = { [option]: values[option] };
        const error = await rejectionOf(atomic(options as object, () => bench.ledger.do('never')));
        expect(error).to.be.instanceOf(TransactionManagementError);
        expect(error.message).to.include(`"${option}"`);
      });

      expect(bench.statements.all).to.deep.equal([]);
    });
  }

  describe('whose savepoint cannot be ended', () => {
    /** Releases the savepoint of the current block past the library. */
    const loseSavepoint = async (): Promise<void> => {
      const name = bench.statements.savepoints().at(-1) ?? '';
      const quoted = bench.sequelize.getQueryInterface().quoteIdentifier(name);
      await bench.sequelize.query(`RELEASE SAVEPOINT ${quoted}`);
    };

    it('reject with the error of RELEASE, and break the block around them (D-220)', async () => {
      let inner: Error | undefined;

      const outer = await rejectionOf(
        atomic(async () => {
          await bench.ledger.do('outer');
          inner = await rejectionOf(
            atomic(async () => {
              await bench.ledger.do('inner');
              await loseSavepoint();
            }),
          );
          expect(transaction.getRollback()).to.equal(true);
        }),
      );

      expect(inner?.message).to.match(/savepoint/i);
      expect(outer).to.include({ code: 'SIGNALS_ROLLED_BACK', cause: inner });
      await bench.ledger.expectDone([]);
    });

    it('keep their own error, and break the block around them (D-221)', async () => {
      let inner: Error | undefined;

      const outer = await rejectionOf(
        atomic(async () => {
          await bench.ledger.do('outer');
          inner = await failing(async () => {
            await bench.ledger.do('inner');
            await loseSavepoint();
          });
        }),
      );

      expect(inner?.message).to.equal('of the inner function');
      expect(outer).to.include({ code: 'SIGNALS_ROLLED_BACK', cause: inner });
      await bench.ledger.expectDone([]);
    });

    if (bench.database.dialect === 'sqlite') {
      it('leave no callback to a block around them that goes on by setRollback(false)', async () => {
        await atomic(async () => {
          await bench.ledger.do('outer');
          await failing(async () => {
            await bench.ledger.do('inner');
            await loseSavepoint();
          });
          transaction.setRollback(false);
        });

        await bench.ledger.expectDone(['outer', 'inner'], ['outer']);
      });
    }

    if (bench.database.dialect === 'postgres') {
      it('are undone where that is possible, and the block around them goes on (D-220)', async () => {
        await atomic(async () => {
          await bench.ledger.do('outer');
          let caught: Error | undefined;
          const error = await rejectionOf(
            atomic(async () => {
              await bench.ledger.do('inner');
              caught = await rejectionOf(bench.sequelize.query('SELECT nonsense'));
              transaction.setRollback(false);
            }),
          );
          expect(error).to.include({ code: 'SIGNALS_ROLLED_BACK', cause: caught });
          await bench.ledger.do('after');
        });

        await bench.ledger.expectDone(['outer', 'after']);
      });
    }
  });

  describe('without a savepoint', () => {
    it('send nothing of their own (D-209)', async () => {
      await atomic(async () => {
        await bench.ledger.do('outer');
        await atomic({ savepoint: false }, () => bench.ledger.do('inner'));
      });

      expect(bench.statements.verbs()).to.deep.equal(['BEGIN', 'INSERT', 'INSERT', 'COMMIT']);
      await bench.ledger.expectDone(['outer', 'inner']);
    });

    it('break the block around them when they fail, whose end tells so (D-209, D-210)', async () => {
      const error = await rejectionOf(
        atomic(async () => {
          await bench.ledger.do('outer');
          await rejectionOf(
            atomic({ savepoint: false }, async () => {
              await bench.ledger.do('inner');
              throw new Error('of the inner function');
            }),
          );
        }),
      );

      expect(error).to.include({ code: 'SIGNALS_ROLLED_BACK' });
      expect((error.cause as Error).message).to.equal('of the inner function');
      await bench.ledger.expectDone([]);
    });

    it('are undone by the nearest savepoint, and no further (D-209, D-253)', async () => {
      await atomic(async () => {
        await bench.ledger.do('outermost');
        const error = await failing(async () => {
          await bench.ledger.do('middle');
          await atomic({ savepoint: false }, async () => {
            await bench.ledger.do('merged');
            await atomic(() => bench.ledger.do('in the merged one'));
          });
        });
        expect(error.message).to.equal('of the inner function');
      });

      await bench.ledger.expectDone(['outermost']);
    });

    it('are plain blocks when they are outermost (D-213)', async () => {
      await atomic({ savepoint: false }, () => bench.ledger.do('stored'));
      const error = await rejectionOf(
        atomic({ savepoint: false }, async () => {
          await bench.ledger.do('undone');
          throw new Error('of the function');
        }),
      );

      expect(error.message).to.equal('of the function');
      expect(bench.statements.verbs()).to.deep.equal([
        ...['BEGIN', 'INSERT', 'COMMIT'],
        ...['BEGIN', 'INSERT', 'ROLLBACK'],
      ]);
      await bench.ledger.expectDone(['stored']);
    });
  });

  describe('of Sequelize', () => {
    it('set savepoints with names of their own, and release them (J-17)', async () => {
      const { sequelize } = bench;
      await sequelize.transaction(async (level0) => {
        await bench.ledger.write('0', level0);
        await rejectionOf(
          sequelize.transaction({ transaction: level0 }, async (level1) => {
            await bench.ledger.write('1', level1);
            await sequelize.transaction({ transaction: level1 }, async (level2) => {
              await bench.ledger.write('2', level2);
              await onCommit(bench.ledger.callback('2'));
            });
            throw new Error('level 1');
          }),
        );
        await sequelize.transaction({ transaction: level0 }, (t) => bench.ledger.write('3', t));
      });

      expect(new Set(bench.statements.savepoints()).size).to.equal(3);
      const released = bench.statements.verbs().filter((verb) => verb === 'RELEASE');
      expect(released).to.have.length(bench.database.leavesReleasesOut ? 1 : 3);
      await bench.ledger.expectDone(['0', '3'], []);
    });

    if (bench.database.dialect === 'postgres') {
      it('reject when they are left normally after an error that the server cannot go on from', async () => {
        await bench.sequelize.transaction(async (outer) => {
          await bench.ledger.write('outer', outer);
          let caught: Error | undefined;
          const error = await rejectionOf(
            bench.sequelize.transaction({ transaction: outer }, async (inner) => {
              await bench.ledger.write('inner', inner);
              caught = await rejectionOf(bench.ledger.write('outer', inner));
            }),
          );
          expect(error).to.include({ code: 'SIGNALS_ROLLED_BACK', cause: caught });
        });

        await bench.ledger.expectDone(['outer'], []);
      });
    }

    it('may be ended by hand, also out of order', async () => {
      const { sequelize } = bench;
      await atomic(async (t) => {
        const first = await sequelize.transaction({ transaction: t });
        await bench.ledger.write('first', first);
        const second = await sequelize.transaction({ transaction: t });
        await bench.ledger.write('second', second);
        await first.commit();
        await second.rollback();
      });

      await bench.ledger.expectDone(['first'], []);
    });

    it('do not undo in silence what was written beside them, where commit() undoes them', async () => {
      const { sequelize } = bench;

      const error = await rejectionOf(
        sequelize.transaction(async (t) => {
          const savepoint = await sequelize.transaction({ transaction: t });
          await bench.ledger.write('beside', t);
          await atomic({ transaction: savepoint, savepoint: false }, async () => {
            transaction.setRollback(true);
          });
          await savepoint.commit();
        }),
      );

      expect(error).to.include({ code: 'SIGNALS_ROLLED_BACK' });
      expect(error.cause).to.include({ code: 'SIGNALS_TRANSACTION_OVERLAP' });
      await bench.ledger.expectDone([]);
    });

    it('do not undo in silence what a block beside them wrote', async () => {
      const { sequelize } = bench;
      const error = await rejectionOf(
        atomic(async (t) => {
          const savepoint = await sequelize.transaction({ transaction: t });
          await bench.ledger.write('in the savepoint', savepoint);
          await atomic(() => bench.ledger.do('in a block beside it'));
          await savepoint.rollback();
        }),
      );

      expect(error.cause).to.include({ code: 'SIGNALS_TRANSACTION_OVERLAP' });
      await bench.ledger.expectDone([]);
    });

    it('undo what their transaction wrote after them, where Sequelize ends both by hand', async () => {
      const { sequelize } = bench;
      const t = await sequelize.transaction();
      const first = await sequelize.transaction({ transaction: t });
      await bench.ledger.write('after the first', t);
      t.afterCommit(bench.ledger.callback('after the first'));
      const second = await sequelize.transaction({ transaction: t });
      await bench.ledger.write('after the second', t);
      await second.rollback();
      expect(await bench.ledger.entries.count({ transaction: t })).to.equal(1);
      await first.rollback();
      await bench.ledger.write('stored', t);
      await t.commit();

      await bench.ledger.expectDone(['stored'], []);
    });

    it('are gone with an older one that is rolled back, and say so when they are used', async () => {
      const { sequelize } = bench;
      const t = await sequelize.transaction();
      const first = await sequelize.transaction({ transaction: t });
      const [kept, undone] = [
        await sequelize.transaction({ transaction: t }),
        await sequelize.transaction({ transaction: t }),
      ];
      await bench.ledger.write('lost', kept);
      kept.afterCommit(bench.ledger.callback('lost'));
      await first.rollback();

      for (const late of [
        () => bench.ledger.write('late', kept),
        () => atomic({ transaction: kept }, () => bench.ledger.write('late')),
        () => kept.afterCommit(bench.ledger.callback('late')),
      ]) {
        expect(await rejectionOf(late)).to.include({ code: 'SIGNALS_TRANSACTION_BROKEN' });
      }
      expect(await rejectionOf(kept.commit())).to.include({ code: 'SIGNALS_TRANSACTION_OVERLAP' });
      await undone.rollback();
      await bench.ledger.write('stored', t);
      await t.commit();

      await bench.ledger.expectDone(['stored'], []);
    });

    it('do not undo in silence what an older one wrote after them', async () => {
      const { sequelize } = bench;
      const t = await sequelize.transaction();
      const older = await sequelize.transaction({ transaction: t });
      const younger = await sequelize.transaction({ transaction: t });
      await bench.ledger.write('lost', older);
      await younger.rollback();

      const error = await rejectionOf(older.commit());
      expect(error.cause).to.include({ code: 'SIGNALS_TRANSACTION_OVERLAP' });
      await bench.ledger.write('stored', t);
      await t.commit();

      await bench.ledger.expectDone(['stored'], []);
    });

    it('are refused in a transaction that is broken, whose end says why (D-212)', async () => {
      const t = await bench.sequelize.transaction();
      await rejectionOf(
        atomic({ transaction: t, savepoint: false }, () => Promise.reject(new Error('inner'))),
      );

      for (const begin of [
        () => bench.sequelize.transaction({ transaction: t }),
        () => bench.sequelize.transaction({ transaction: t }, async () => {}),
      ]) {
        const error = await rejectionOf(begin());
        expect(error).to.include({ code: 'SIGNALS_TRANSACTION_BROKEN' });
        expect((error.cause as Error).message).to.equal('inner');
      }
      const error = await rejectionOf(t.commit());
      expect(error).to.include({ code: 'SIGNALS_ROLLED_BACK' });
      expect((error.cause as Error).message).to.equal('inner');
    });
  });

  it('look no further for savepoints that a query may be undone by, however many are around it', async () => {
    const readsAt = async (depth: number): Promise<number> => {
      let reads = 0;
      const countReads = (block: object): void => {
        const { parent } = block as { parent: unknown };
        Object.defineProperty(block, 'parent', {
          get() {
            reads += 1;
            return parent;
          },
        });
      };
      const enter = (level: number): Promise<number> =>
        atomic(async (t) => {
          await bench.sequelize.query('SELECT 1 AS one', { type: 'SELECT' });
          countReads(blockOf(t) as object);
          if (level < depth) return enter(level + 1);
          const before = reads;
          await bench.sequelize.query('SELECT 1 AS one', { type: 'SELECT' });
          return reads - before;
        });
      return await enter(1);
    };

    expect(await readsAt(50)).to.equal(await readsAt(5));
  });
});
