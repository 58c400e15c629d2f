import { expect } from 'chai';
import {
  atomic,
  onCommit,
  postRollback,
  RolledBackError,
  TransactionManagementError,
  transaction,
} from 'sequelize-signals';
import { deferred } from '../support/deferred.js';
import { describeTransactions } from '../support/ledger.js';
import { rejectionOf } from '../support/rejection.js';

describeTransactions('a broken block', (bench) => {
  /** Breaks the current block as an application would, and returns the error that it caught. */
  const breakIt = async (): Promise<Error> => {
    await bench.ledger.write('twin');
    return await rejectionOf(bench.ledger.write('twin'));
  };

  it('runs no more queries, and tells why (D-211)', async () => {
    await rejectionOf(
      atomic(async () => {
        const broken = await breakIt();
        bench.statements.clear();

        for (const query of [
          () => bench.ledger.write('more'),
          () => bench.ledger.entries.count(),
          () => bench.sequelize.query('SELECT 1'),
          () => transaction.savepoint(),
        ]) {
          const error = await rejectionOf(query);
          expect(error).to.be.instanceOf(TransactionManagementError);
          expect(error).to.include({ code: 'SIGNALS_TRANSACTION_BROKEN', cause: broken });
        }
        expect(bench.statements.all).to.deep.equal([]);
      }),
    );

    await bench.ledger.expectDone([]);
  });

  it('rejects with RolledBackError when it is left normally (D-210)', async () => {
    let broken: Error | undefined;

    const error = await rejectionOf<RolledBackError>(
      atomic(async () => {
        await bench.ledger.do('lost');
        broken = await breakIt();
        return 'success';
      }),
    );

    expect(error).to.be.instanceOf(RolledBackError);
    expect(error).to.be.instanceOf(TransactionManagementError);
    expect(error.code).to.equal('SIGNALS_ROLLED_BACK');
    expect(error.cause).to.equal(broken);
    expect(error.message).to.match(/^atomic block #\d+ was rolled back/);
    await bench.ledger.expectDone([]);
  });

  it('rejects with the error that leaves it, also when that is another one', async () => {
    const error = await rejectionOf(
      atomic(async () => {
        await breakIt();
        throw new Error('of the function');
      }),
    );

    expect(error.message).to.equal('of the function');
    await bench.ledger.expectDone([]);
  });

  it('is broken by a raw query and by a read as well (D-230)', async () => {
    for (const sql of ['SELECT nonsense', 'SELECT * FROM no_such_table', 'not even SQL']) {
      const error = await rejectionOf(
        atomic(async () => {
          await bench.ledger.do('lost');
          await rejectionOf(bench.sequelize.query(sql));
        }),
      );
      expect(error, sql).to.be.instanceOf(RolledBackError);
    }

    await bench.ledger.expectDone([]);
  });

  const failingWrites: Record<string, () => Promise<unknown>> = {
    'save()': async () => {
      const entry = await bench.ledger.entries.findOne({ where: { name: 'second' } });
      await entry?.set('name', 'first').save();
    },
    'Model.update()': () =>
      bench.ledger.entries.update({ name: 'first' }, { where: { name: 'second' } }),
    'Model.destroy()': () =>
      bench.ledger.entries.destroy({ where: bench.sequelize.literal('nonsense = 1') as never }),
  };
  for (const [call, fail] of Object.entries(failingWrites)) {
    it(`is broken by a failing ${call} (D-229)`, async () => {
      await bench.ledger.write('first');
      await bench.ledger.write('second');
      let failed: Error | undefined;

      const error = await rejectionOf(
        atomic(async () => {
          failed = await rejectionOf(fail);
        }),
      );

      expect(error).to.be.instanceOf(RolledBackError);
      expect(error.cause).to.equal(failed);
      expect(failed).to.have.property('parent');
    });
  }

  it('is not broken by what never reached the server', async () => {
    await atomic(async () => {
      const invalid = await rejectionOf(bench.ledger.entries.create({ name: null }));
      expect(invalid.name).to.equal('SequelizeValidationError');
      await rejectionOf(bench.sequelize.query('SELECT :missing', { replacements: { other: 1 } }));
      await bench.ledger.do('stored');
    });

    await bench.ledger.expectDone(['stored']);
  });

  it('is sound again outside of the nested block that failed', async () => {
    await atomic(async () => {
      await bench.ledger.do('before');
      const error = await rejectionOf(
        atomic(async () => {
          await bench.ledger.do('inside');
          await bench.ledger.write('before');
        }),
      );
      expect(error.name).to.equal('SequelizeUniqueConstraintError');
      expect(transaction.getRollback()).to.equal(false);
      await bench.ledger.do('after');
    });

    await bench.ledger.expectDone(['before', 'after']);
  });

  it('rejects as a nested block too when it is left normally, and leaves the outer one sound', async () => {
    await atomic(async () => {
      await bench.ledger.do('outer');
      const error = await rejectionOf(
        atomic(async () => {
          await bench.ledger.do('inner');
          await breakIt();
        }),
      );
      expect(error).to.be.instanceOf(RolledBackError);
    });

    await bench.ledger.expectDone(['outer']);
  });

  it('lets a block begin in it, which sends nothing and ends nothing (D-212)', async () => {
    const error = await rejectionOf(
      atomic(async () => {
        await breakIt();
        bench.statements.clear();
        expect(await atomic(() => 'entered')).to.equal('entered');
        await rejectionOf(atomic(() => bench.ledger.write('in the inner one')));
        expect(transaction.getRollback()).to.equal(true);
        expect(bench.statements.all).to.deep.equal([]);
      }),
    );

    expect(error).to.be.instanceOf(RolledBackError);
  });

  it('has no blame for a nested block that began before, and is undone with it', async () => {
    const broken = deferred();
    let inner: string | undefined;

    const error = await rejectionOf(
      atomic(async () => {
        const nested = atomic(async () => {
          await broken.promise;
          return 'left normally';
        });
        await rejectionOf(bench.sequelize.query('SELECT nonsense'));
        broken.resolve();
        inner = await nested;
      }),
    );

    expect(inner).to.equal('left normally');
    expect(error).to.be.instanceOf(RolledBackError);
  });

  it('takes callbacks, and drops them (D-257)', async () => {
    await rejectionOf(
      atomic(async () => {
        await breakIt();
        await onCommit(bench.ledger.callback('never'));
      }),
    );

    await bench.ledger.expectDone([]);
  });

  it('survives findOrCreate that loses a race (D-131)', async () => {
    await bench.ledger.write('taken');
    // What the search of findOrCreate does not find, and its INSERT does.
    bench.sequelize.addHook('beforeFind', 'lose the race', (options) => {
      const isFirst = (options as { exception?: boolean }).exception === undefined;
      if (isFirst) (options as { where: object }).where = { name: 'nobody' };
    });

    await atomic(async () => {
      await bench.ledger.do('before');
      const [entry, created] = await bench.ledger.entries.findOrCreate({
        where: { name: 'taken' },
      });
      expect([entry.name, created]).to.deep.equal(['taken', false]);
      await bench.ledger.do('after');
    }).finally(() => bench.sequelize.removeHook('beforeFind', 'lose the race'));

    await bench.ledger.expectDone(['taken', 'before', 'after'], ['before', 'after']);
  });

  it('is not what findOrCreate leaves behind when it fails (D-130)', async () => {
    await atomic(async () => {
      await bench.ledger.do('before');
      const where = bench.sequelize.literal('nonsense = 1');
      const error = await rejectionOf(bench.ledger.entries.findOrCreate({ where: where as never }));
      expect(error).to.have.property('parent');
      await bench.ledger.do('after');
    });

    await bench.ledger.expectDone(['before', 'after']);
  });

  it('is broken by a query that was not awaited, and fails before the end', async () => {
    let unawaited: Promise<Error> | undefined;

    const error = await rejectionOf(
      atomic(async () => {
        await bench.ledger.do('lost');
        unawaited = rejectionOf(bench.sequelize.query('SELECT nonsense'));
      }),
    );

    expect(error).to.be.instanceOf(RolledBackError);
    expect(error.cause).to.equal(await unawaited);
    await bench.ledger.expectDone([]);
  });

  describe('setRollback(true)', () => {
    it('rolls back without an error (D-215)', async () => {
      const ends: unknown[] = [];
      const undo = postRollback.connect(({ error }) => ends.push(error));

      const result = await atomic(async () => {
        await bench.ledger.do('undone');
        expect(transaction.getRollback()).to.equal(false);
        transaction.setRollback(true);
        expect(transaction.getRollback()).to.equal(true);
        return 'result';
      });
      undo();

      expect(result).to.equal('result');
      expect(ends).to.deep.equal([undefined]);
      await bench.ledger.expectDone([]);
    });

    it('rolls back the innermost block with a savepoint, and no other (D-215, D-257)', async () => {
      await atomic(async () => {
        await bench.ledger.do('outer');
        await atomic(async () => {
          await bench.ledger.do('inner');
          await atomic({ savepoint: false }, async () => {
            await bench.ledger.do('merged');
            transaction.setRollback(true);
          });
        });
        await bench.ledger.do('after');
      });

      await bench.ledger.expectDone(['outer', 'after']);
    });

    it('lets no more queries run', async () => {
      await atomic(async () => {
        transaction.setRollback(true);
        const error = await rejectionOf(bench.ledger.write('more'));
        expect(error).to.include({ code: 'SIGNALS_TRANSACTION_BROKEN' });
        expect(error.message).to.include('setRollback(true)');
      });

      await bench.ledger.expectDone([]);
    });

    it('does not hide an error that came before it', async () => {
      const error = await rejectionOf(
        atomic(async () => {
          await breakIt();
          transaction.setRollback(true);
        }),
      );

      expect(error).to.be.instanceOf(RolledBackError);
    });

    it('does not hide an error that came after it', async () => {
      const failure = new Error('of an inner function');

      const error = await rejectionOf(
        atomic(async () => {
          await atomic({ savepoint: false }, () => transaction.setRollback(true));
          await rejectionOf(atomic({ savepoint: false }, () => Promise.reject(failure)));
        }),
      );

      expect(error).to.be.instanceOf(RolledBackError);
      expect(error.cause).to.equal(failure);
    });

    it('does not keep an error from leaving the block', async () => {
      const error = await rejectionOf(
        atomic(() => {
          transaction.setRollback(true);
          throw new Error('of the function');
        }),
      );

      expect(error.message).to.equal('of the function');
    });
  });

  describe('setRollback(false)', () => {
    it('takes setRollback(true) back (D-216)', async () => {
      await atomic(async () => {
        await bench.ledger.do('stored');
        transaction.setRollback(true);
        transaction.setRollback(false);
        await bench.ledger.do('as well');
      });

      await bench.ledger.expectDone(['stored', 'as well']);
    });

    it('lets a block go on whose good state was restored by hand (D-216)', async () => {
      await atomic(async () => {
        await bench.ledger.do('before');
        const sid = await transaction.savepoint();
        await breakIt();
        await transaction.savepointRollback(sid);
        transaction.setRollback(false);
        await bench.ledger.do('after');
      });

      await bench.ledger.expectDone(['before', 'after']);
    });

    if (bench.database.dialect === 'postgres') {
      it('cannot make a server commit that will not (D-254)', async () => {
        let broken: Error | undefined;
        const error = await rejectionOf(
          atomic(async () => {
            await bench.ledger.do('lost');
            broken = await breakIt();
            transaction.setRollback(false);
          }),
        );

        expect(error).to.be.instanceOf(RolledBackError);
        expect(error.cause).to.equal(broken);
        await bench.ledger.expectDone([]);
      });
    }
  });

  describe('beside a failure inside of it', () => {
    /** A block that is broken by an overlap, while a nested one that has sent nothing fails as well. */
    const maskedBy = (failNested: () => unknown, endNested: () => unknown = () => {}) =>
      atomic(async (outer) => {
        const byHand = await bench.sequelize.transaction({ transaction: outer });
        await bench.ledger.do('outer');
        const failed = deferred();
        const release = deferred();
        const nested = atomic(async () => {
          await failNested();
          failed.resolve();
          await release.promise;
          await endNested();
        });
        await failed.promise;
        await byHand.rollback();
        release.resolve();
        await nested.catch(() => {});
      });

    const failures: Record<string, () => unknown> = {
      'setRollback(true)': () => transaction.setRollback(true),
      'a block without a savepoint': () =>
        rejectionOf(atomic({ savepoint: false }, () => Promise.reject(new Error('inner')))),
    };
    for (const [title, failNested] of Object.entries(failures)) {
      it(`rejects, whatever becomes of that one: ${title}`, async () => {
        const error = await rejectionOf(maskedBy(failNested));

        expect(error).to.be.instanceOf(RolledBackError);
        expect(error.cause).to.include({ code: 'SIGNALS_TRANSACTION_OVERLAP' });
        await bench.ledger.expectDone([]);
      });
    }

    it('is not mended by a setRollback(false) inside, which says so', async () => {
      let refused: Error | undefined;

      const error = await rejectionOf(
        maskedBy(
          () => transaction.setRollback(true),
          async () => {
            refused = await rejectionOf(async () => transaction.setRollback(false));
          },
        ),
      );

      expect(refused).to.include({ code: 'SIGNALS_TRANSACTION_BROKEN' });
      expect(error.cause).to.include({ code: 'SIGNALS_TRANSACTION_OVERLAP' });
      await bench.ledger.expectDone([]);
    });
  });

  it('cannot be asked for outside of a block (D-217)', () => {
    for (const call of [
      () => transaction.setRollback(true),
      () => transaction.setRollback(false),
      () => transaction.getRollback(),
    ]) {
      expect(call).to.throw(TransactionManagementError, 'atomic()');
    }
  });

  it('leaves nothing behind for the next one', async () => {
    await rejectionOf(atomic(() => breakIt()));
    await atomic(async () => {
      transaction.setRollback(true);
    });

    await atomic(async () => {
      expect(transaction.getRollback()).to.equal(false);
      await bench.ledger.do('stored');
    });

    await bench.ledger.expectDone(['stored']);
  });

  it('cannot be ended by hand, sound or not (D-218)', async () => {
    await atomic(async (t) => {
      for (const end of [() => t.commit(), () => t.rollback()]) {
        const error = await rejectionOf(end);
        expect(error).to.include({ code: 'SIGNALS_TRANSACTION_MISUSED' });
      }
      await bench.ledger.do('stored');
    });

    await bench.ledger.expectDone(['stored']);
  });
});
