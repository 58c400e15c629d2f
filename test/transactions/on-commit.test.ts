import { expect } from 'chai';
import {
  atomic,
  InvalidArgumentError,
  NotInstalledError,
  type OnCommitOptions,
  onCommit,
  postCommit,
  transaction,
} from 'sequelize-signals';
import { fake } from 'sinon';
import { deferred } from '../support/deferred.js';
import { describeTransactions, Ledger } from '../support/ledger.js';
import { captureLog } from '../support/logged.js';
import { poolOf } from '../support/pool.js';
import { rejectionOf } from '../support/rejection.js';

describeTransactions('onCommit()', (bench) => {
  const logged = captureLog();
  const note = (name: string) => bench.ledger.callback(name);
  const called = () => bench.ledger.called;

  describe('outside of a block', () => {
    it('runs the function before it returns (D-245)', () => {
      void onCommit(note('at once'));

      expect(called()).to.deep.equal(['at once']);
    });

    it('returns its promise, and rejects with its error (D-245)', async () => {
      const started = deferred();
      const promise = onCommit(async () => {
        await started.promise;
        throw new Error('of the callback');
      });
      started.resolve();

      expect((await rejectionOf(promise)).message).to.equal('of the callback');
    });

    it('logs the error of a robust function (D-263, D-264)', async () => {
      const error = new Error('of the callback');

      await onCommit(
        function notify() {
          throw error;
        },
        { robust: true },
      );

      expect(logged()).to.deep.equal([
        ['The onCommit callback "notify" failed outside of a transaction: of the callback', error],
      ]);
    });

    it('runs at once beside a block of another flow (D-237, J-13)', async () => {
      const inside = deferred();
      const release = deferred();
      const block = atomic(async () => {
        await onCommit(note('in the block'));
        inside.resolve();
        await release.promise;
      });
      await inside.promise;

      await onCommit(note('beside'));
      release.resolve();
      await block;

      expect(called()).to.deep.equal(['beside', 'in the block']);
    });
  });

  describe('in a block', () => {
    it('waits for the COMMIT of the outermost one (D-248)', async () => {
      await atomic(async () => {
        await atomic(async () => {
          await bench.ledger.do('inner');
        });
        expect(called()).to.deep.equal([]);
        await bench.ledger.do('outer');
        expect(called()).to.deep.equal([]);
      });

      expect(bench.statements.verbs().at(-1)).to.equal('COMMIT');
      await bench.ledger.expectDone(['inner', 'outer']);
    });

    it('runs before atomic() resolves, asynchronous functions one after another (D-266)', async () => {
      const order: string[] = [];
      await atomic(async () => {
        for (const name of ['first', 'second']) {
          await onCommit(async () => {
            order.push(`${name} starts`);
            await bench.ledger.entries.count();
            order.push(`${name} ends`);
          });
        }
      });

      expect(order).to.deep.equal(['first starts', 'first ends', 'second starts', 'second ends']);
    });

    it('keeps the order of registration across levels (D-249)', async () => {
      await atomic(async () => {
        await onCommit(note('1'));
        await atomic(async () => {
          await onCommit(note('2'));
          await atomic(() => onCommit(note('3')));
          await onCommit(note('4'));
        });
        await onCommit(note('5'));
        await atomic({ savepoint: false }, () => onCommit(note('6')));
        await onCommit(note('7'));
      });

      expect(called()).to.deep.equal(['1', '2', '3', '4', '5', '6', '7']);
    });

    it('runs what was registered twice twice (D-250, D-271)', async () => {
      const twice = note('twice');
      await atomic(async () => {
        await onCommit(twice);
        await onCommit(twice);
      });

      expect(called()).to.deep.equal(['twice', 'twice']);
    });

    it('is dropped when the block is rolled back (D-253)', async () => {
      await rejectionOf(
        atomic(async () => {
          await onCommit(note('never'));
          await atomic(() => onCommit(note('neither')));
          throw new Error('rolled back');
        }),
      );

      expect(called()).to.deep.equal([]);
    });

    it('is dropped with its savepoint and all levels inside, ended ones included (D-247, D-251, D-325)', async () => {
      await atomic(async () => {
        await rejectionOf(
          atomic(async () => {
            await onCommit(note('dropped'));
            await atomic(() => onCommit(note('dropped, of a block that had ended')));
            await atomic({ savepoint: false }, () =>
              onCommit(note('dropped, without a savepoint')),
            );
            throw new Error('inner');
          }),
        );
      });

      expect(called()).to.deep.equal([]);
    });

    it('survives the rollback of a savepoint after it, beside it, or dropped before it (D-252)', async () => {
      const fail = (name: string) =>
        rejectionOf(
          atomic(async () => {
            await onCommit(note(name));
            throw new Error(name);
          }),
        );
      await atomic(async () => {
        await onCommit(note('before'));
        await fail('first failure');
        await atomic(() => onCommit(note('beside')));
        await fail('second failure');
        await onCommit(note('after'));
      });

      expect(called()).to.deep.equal(['before', 'beside', 'after']);
    });

    it('of the outer block, registered while the inner one is open, survives the rollback of that', async () => {
      await atomic(async () => {
        const isOpen = deferred();
        const registered = deferred();
        const inner = rejectionOf(
          atomic(async () => {
            await onCommit(note('of the inner'));
            isOpen.resolve();
            await registered.promise;
            throw new Error('inner');
          }),
        );
        await isOpen.promise;
        await onCommit(note('of the outer'));
        registered.resolve();
        await inner;
      });

      expect(called()).to.deep.equal(['of the outer']);
    });

    it('drops what a failed block without a savepoint breaks, up to the level that is undone (D-253)', async () => {
      await atomic(async () => {
        await onCommit(note('outermost'));
        await rejectionOf(
          atomic(async () => {
            await onCommit(note('middle'));
            await rejectionOf(
              atomic({ savepoint: false }, async () => {
                await onCommit(note('merged'));
                throw new Error('merged');
              }),
            );
          }),
        );
      });

      expect(called()).to.deep.equal(['outermost']);
    });

    it('runs without SQL in the block as well', async () => {
      await atomic(() => onCommit(note('called')));

      expect(called()).to.deep.equal(['called']);
      expect(bench.statements.all).to.deep.equal([]);
    });

    it('returns nothing to wait for, and does not make the block wait (D-243, D-271)', async () => {
      await atomic(async () => {
        const result = await onCommit(() => 'what the callback returns');
        expect(result).to.equal(undefined);
      });
    });
  });

  describe('its function', () => {
    it('runs outside of any transaction, and may query (D-258, D-327, J-33)', async () => {
      await atomic(async () => {
        await bench.ledger.write('in the block');
        await onCommit(async () => {
          expect(transaction.inAtomicBlock()).to.equal(false);
          expect(transaction.current()).to.equal(undefined);
          await bench.ledger.write('by the callback');
          throw new Error('undoes nothing');
        });
      }).catch(() => {});

      await bench.ledger.expectDone(['in the block', 'by the callback'], []);
    });

    it('is called without arguments (D-243)', async () => {
      const inBlock = fake();
      const outside = fake();

      await atomic(() => onCommit(inBlock));
      await onCommit(outside);

      expect([inBlock.args, outside.args]).to.deep.equal([[[]], [[]]]);
    });

    it('runs after the connection has gone back to the pool (J-32)', async () => {
      await atomic(async () => {
        await bench.ledger.write('stored');
        await onCommit(() => {
          expect(poolOf(bench.sequelize).using).to.equal(0);
        });
      });
    });

    it('registers in place when it registers (D-259, J-33)', async () => {
      await atomic(async () => {
        await onCommit(async () => {
          note('1')();
          await onCommit(note('1.1'));
        });
        await onCommit(note('2'));
      });

      expect(called()).to.deep.equal(['1', '1.1', '2']);
    });

    it('may open blocks, whose callbacks run at their own end (D-260, J-33)', async () => {
      await atomic(async () => {
        for (const name of ['1', '2']) {
          await onCommit(async () => {
            note(name)();
            await atomic(async () => {
              await bench.ledger.write(`1${name}`);
              await onCommit(note(`1${name}`));
            });
          });
        }
      });

      await bench.ledger.expectDone(['11', '12'], ['1', '11', '2', '12']);
    });

    it('may return a thenable that is no promise', async () => {
      await atomic(() =>
        onCommit(() => ({
          // biome-ignore lint/suspicious/noThenProperty: that is what a thenable is.
          then: (resolve: () => void) => {
            note('awaited')();
            resolve();
          },
        })),
      );

      expect(called()).to.deep.equal(['awaited']);
    });
  });

  describe('a failing function', () => {
    for (const [kind, fail] of [
      [
        'throws',
        () => {
          throw new Error('of the callback');
        },
      ],
      ['rejects', () => Promise.reject(new Error('of the callback'))],
    ] as const) {
      it(`that ${kind} rejects atomic() and drops the rest, and the data stays (D-261)`, async () => {
        const error = await rejectionOf(
          atomic(async () => {
            await bench.ledger.do('before');
            await onCommit(fail);
            await bench.ledger.do('after');
            return 'result';
          }),
        );

        expect(error.message).to.equal('of the callback');
        await bench.ledger.expectDone(['before', 'after'], ['before']);
      });

      it(`that ${kind} is logged when it is robust, and the rest runs (D-263, D-264)`, async () => {
        const result = await atomic(async () => {
          await bench.ledger.do('before');
          await onCommit(fail, { robust: true });
          await bench.ledger.do('after');
          return 'result';
        });

        expect(result).to.equal('result');
        expect(logged()).to.have.length(1);
        expect(logged()[0]?.[0]).to.include('failed after the commit');
        expect(logged()[0]?.[1]).to.include({ message: 'of the callback' });
        await bench.ledger.expectDone(['before', 'after']);
      });
    }

    it('leaves nothing for the next block (D-262, D-270, D-326)', async () => {
      await rejectionOf(
        atomic(async () => {
          await onCommit(() => Promise.reject(new Error('of the callback')));
          await onCommit(note('dropped'));
        }),
      );
      await atomic(() => onCommit(note('next')));

      expect(called()).to.deep.equal(['next']);
    });

    it('in a nested flow reaches the outermost caller and nobody else', async () => {
      const error = await rejectionOf(
        atomic(async () => {
          await atomic(() => onCommit(() => Promise.reject(new Error('of the callback'))));
          await bench.ledger.write('stored');
        }),
      );

      expect(error.message).to.equal('of the callback');
      await bench.ledger.expectDone(['stored'], []);
    });

    it('with a robust function that has no name is logged all the same (D-265, J-12)', async () => {
      await atomic(() =>
        onCommit(
          (() => () => {
            throw new Error('nameless');
          })(),
          { robust: true },
        ),
      );

      expect(logged()[0]?.[0]).to.include('"anonymous"');
    });

    it('still lets postCommit be sent, before the error reaches the caller', async () => {
      const undo = postCommit.connect(note('postCommit'));
      await rejectionOf(atomic(() => onCommit(() => Promise.reject(new Error('of the callback')))));
      undo();

      expect(called()).to.deep.equal(['postCommit']);
    });
  });

  describe('named another database', () => {
    it('waits for that one alone, in the order of its own block (D-269)', async () => {
      const other = bench.context.install(bench.database.connect(), { using: 'other' });
      const elsewhere = await Ledger.join(other.sequelize);

      await atomic(async () => {
        await onCommit(note('outer'));
        await onCommit(note('at once: no block there'), { using: 'other' });
        await other.atomic(async () => {
          await onCommit(note('inner'), { using: other.sequelize });
          await onCommit(note('of the outer, registered inside'));
          await elsewhere.entries.count();
        });
      });
      other.uninstall();

      expect(called()).to.deep.equal([
        'at once: no block there',
        'inner',
        'outer',
        'of the outer, registered inside',
      ]);
    });

    it('is stored by the inner commit although the outer block is rolled back (D-236)', async () => {
      const other = bench.context.install(bench.database.connect(), { using: 'other' });
      const elsewhere = await Ledger.join(other.sequelize);

      await rejectionOf(
        atomic(async () => {
          await onCommit(note('never'));
          await other.atomic(() => elsewhere.do('committed'));
          throw new Error('outer');
        }),
      );

      await elsewhere.expectDone(['committed']);
      expect(called()).to.deep.equal([]);
      await elsewhere.clear();
      other.uninstall();
    });
  });

  describe('given something wrong', () => {
    it('throws at the call, in a block and outside of one (D-244)', async () => {
      const register = onCommit as (...parameters: unknown[]) => unknown;
      for (const wrong of [undefined, null, 'name', {}, Promise.resolve()]) {
        expect(() => register(wrong), String(wrong)).to.throw(InvalidArgumentError, 'onCommit()');
      }
      expect(() => register(() => {}, 'robust')).to.throw(InvalidArgumentError);
      await atomic(() => {
        expect(() => register(null)).to.throw(InvalidArgumentError);
      });
    });

    it('rejects when the database is not installed, or the transaction not of it', async () => {
      const foreign = await bench.database.connect().transaction();

      const unknown = await rejectionOf(onCommit(note('never'), { using: 'nowhere' }));
      const wrong = await rejectionOf(onCommit(note('never'), { transaction: foreign }));
      const nobody = await rejectionOf(
        onCommit(note('never'), { transaction: {} } as OnCommitOptions),
      );
      await foreign.rollback();

      expect(unknown).to.be.instanceOf(NotInstalledError);
      expect(wrong).to.include({ code: 'SIGNALS_TRANSACTION_FOREIGN' });
      expect(nobody).to.include({ code: 'SIGNALS_TRANSACTION_FOREIGN' });
      expect(called()).to.deep.equal([]);
    });
  });

  it('never changes the options of the caller', async () => {
    const options = Object.freeze({ using: 'default', robust: true, transaction: undefined });

    await atomic(() => onCommit(note('called'), options));

    expect(called()).to.deep.equal(['called']);
  });
});
