import { expect } from 'chai';
import { atomic, connections, defer, install, onCommit, transaction } from 'sequelize-signals';
import { captureOnCommitCallbacks, testTransaction } from 'sequelize-signals/testing';
import { describeOnEachDatabase } from '../support/databases.js';
import { deferred } from '../support/deferred.js';
import { captureLog } from '../support/logged.js';
import { rejectionOf } from '../support/rejection.js';
import { GuestBook } from './guest-book.js';

/** Where a capture can be: each test must hold in all of these places. */
type Place = 'real commits' | 'a test transaction' | 'a test transaction that holds callbacks';

describeOnEachDatabase('captureOnCommitCallbacks()', (database) => {
  let book: GuestBook;
  let ran: string[];

  before(async () => {
    book = await GuestBook.open(database);
  });
  beforeEach(() => {
    ran = [];
  });
  afterEach(() => book.Guest.destroy({ where: {} }));
  after(() => book.close());

  const logged = captureLog();
  const run = (name: string) => () => {
    ran.push(name);
  };

  for (const place of [
    'real commits',
    'a test transaction',
    'a test transaction that holds callbacks',
  ] satisfies Place[]) {
    describe(`with ${place}`, () => {
      if (place !== 'real commits') {
        const mode = place === 'a test transaction' ? 'run' : 'hold';
        testTransaction.hooks({ beforeEach, afterEach }, { onCommit: mode });
      }

      it('resolves to the callbacks, which do not run (D-303, D-304)', async () => {
        const first = run('first');
        const second = run('second');

        const callbacks = await captureOnCommitCallbacks(async () => {
          await atomic(async () => {
            await onCommit(first);
            await book.write('Ada');
            await atomic(() => onCommit(second));
          });
        });

        expect(callbacks).to.deep.equal([first, second]);
        expect(ran).to.deep.equal([]);
        expect(await book.names()).to.deep.equal(['Ada']);
      });

      it('captures what is registered outside of a block, and what defer() registers', async () => {
        const callbacks = await captureOnCommitCallbacks(async () => {
          await onCommit(run('outside'));
          await atomic(() => defer(run('deferred')));
        });
        for (const callback of callbacks) await callback();

        expect(ran).to.deep.equal(['outside', 'deferred']);
      });

      it('leaves out what a rollback dropped (D-306)', async () => {
        const callbacks = await captureOnCommitCallbacks(async () => {
          await rejectionOf(atomic(() => fail(onCommit(run('block')))));
          await atomic(async () => {
            await rejectionOf(atomic(() => fail(onCommit(run('savepoint')))));
            await onCommit(run('kept'));
          });
        });

        expect(callbacks).to.have.length(1);
      });

      it('captures what comes after the rollback of a savepoint from before it (D-315)', async () => {
        let callbacks: unknown[] = [];
        const kept = run('kept');
        await atomic(async () => {
          const sid = await transaction.savepoint();
          await onCommit(run('dropped'));
          await onCommit(run('dropped as well'));
          callbacks = await captureOnCommitCallbacks(async () => {
            await onCommit(run('captured and dropped'));
            await transaction.savepointRollback(sid);
            await onCommit(kept);
          });
        });

        expect(callbacks).to.deep.equal([kept]);
        expect(ran).to.deep.equal([]);
      });

      it('takes them off the queue of a block that is open around it, and no others (D-305)', async () => {
        let callbacks: unknown[] = [];
        await atomic(async () => {
          await onCommit(run('before'));
          callbacks = await captureOnCommitCallbacks(() => onCommit(run('captured')));
          await onCommit(run('after'));
        });

        expect(callbacks).to.have.length(1);
        const holds = place === 'a test transaction that holds callbacks';
        expect(ran).to.deep.equal(holds ? [] : ['before', 'after']);
      });

      it('runs them in order, in blocks of their own, with { execute: true } (D-308)', async () => {
        const callbacks = await captureOnCommitCallbacks({ execute: true }, async () => {
          await atomic(async () => {
            await onCommit(async () => {
              expect(transaction.inAtomicBlock()).to.equal(false);
              await atomic({ durable: true }, () => book.write('Ben'));
              run('first')();
            });
            await onCommit(run('second'));
            await book.write('Ada');
          });
          run('body')();
        });

        expect(ran).to.deep.equal(['body', 'first', 'second']);
        expect(callbacks).to.have.length(2);
        expect(await book.names()).to.deep.equal(['Ada', 'Ben']);
      });

      it('runs those of a block inside a callback at the end of that block (D-309, D-310)', async () => {
        const inner = run('inner');
        const callbacks = await captureOnCommitCallbacks({ execute: true }, async () => {
          await atomic(async () => {
            await onCommit(async () => {
              await atomic(async () => {
                await book.write('Ada');
                await onCommit(inner);
              });
              await onCommit(run('at once'));
              run('outer')();
            });
            await onCommit(run('last'));
          });
        });

        expect(ran).to.deep.equal(['inner', 'at once', 'outer', 'last']);
        expect(callbacks).to.have.length(4);
        expect(callbacks[1]).to.equal(inner);
      });

      it('runs them inside an open block as if there were none', async () => {
        await atomic(async () => {
          await book.write('Ada');
          await captureOnCommitCallbacks({ execute: true }, async () => {
            await onCommit(async () => {
              expect(transaction.inAtomicBlock()).to.equal(false);
              expect(await book.names()).to.deep.equal(['Ada']);
              await rejectionOf(book.write('Ada'));
              await atomic({ durable: true }, async () => {
                await onCommit(run('inner'));
                await book.write('Ben');
              });
              run('outer')();
            });
          });
          expect(await book.names()).to.deep.equal(['Ada', 'Ben']);
        });

        expect(ran).to.deep.equal(['inner', 'outer']);
      });

      it('runs them inside an open block that has sent nothing yet', async () => {
        await atomic(async () => {
          await captureOnCommitCallbacks({ execute: true }, () =>
            onCommit(async () => {
              await atomic(() => book.write('Ada'));
              await book.write('Ben');
            }),
          );
        });

        expect(await book.names()).to.deep.equal(['Ada', 'Ben']);
      });

      it('runs nothing when the function fails (D-313, J-31)', async () => {
        const error = new Error('no');
        const capturing = captureOnCommitCallbacks({ execute: true }, async () => {
          await atomic(() => onCommit(run('never')));
          await onCommit(run('never'));
          throw error;
        });

        expect(await rejectionOf(capturing)).to.equal(error);
        expect(ran).to.deep.equal([]);
      });

      it('nests, and runs nothing twice (D-314, J-31)', async () => {
        const outer = await captureOnCommitCallbacks({ execute: true }, async () => {
          await atomic(() => onCommit(run('before')));
          const inner = await captureOnCommitCallbacks({ execute: true }, () =>
            atomic(() => onCommit(run('inner'))),
          );
          expect(inner).to.have.length(1);
          await atomic(() => onCommit(run('after')));
        });

        expect(outer).to.have.length(2);
        expect(ran).to.deep.equal(['inner', 'before', 'after']);
      });

      it('logs the error of a robust callback and goes on (D-311)', async () => {
        const error = new Error('lost');
        await captureOnCommitCallbacks({ execute: true }, async () => {
          await onCommit(() => Promise.reject(error), { robust: true });
          await onCommit(run('second'));
        });

        expect(ran).to.deep.equal(['second']);
        expect(logged().map(([, logged]) => logged)).to.deep.equal([error]);
      });

      it('rejects with the error of any other callback, and runs none after it (D-312)', async () => {
        const error = new Error('no');
        const capturing = captureOnCommitCallbacks({ execute: true }, async () => {
          await onCommit(run('first'));
          await onCommit(() => Promise.reject(error));
          await onCommit(run('never'));
        });

        expect(await rejectionOf(capturing)).to.equal(error);
        expect(ran).to.deep.equal(['first']);
      });
    });
  }

  it('captures what its own flow registers, and leaves others alone (J-31)', async () => {
    const registered = deferred();
    const capturing = captureOnCommitCallbacks(async () => {
      await atomic(() => onCommit(run('captured')));
      await registered.promise;
    });
    await atomic(() => onCommit(run('other')));
    registered.resolve();

    expect(await capturing).to.have.length(1);
    expect(ran).to.deep.equal(['other']);
  });

  it('takes any number off the queue of a block that is open around it', async () => {
    const callback = () => {};
    const callbacks = await atomic(() =>
      captureOnCommitCallbacks(async () => {
        for (let number = 0; number < 200_000; number += 1) void onCommit(callback);
      }),
    );

    expect(callbacks).to.have.length(200_000);
  });

  it('does not capture what its flow registers when it is over', async () => {
    const over = deferred();
    let late: Promise<void> | undefined;
    await captureOnCommitCallbacks(() => {
      late = over.promise.then(() => atomic(() => onCommit(run('late'))));
    });
    over.resolve();
    await late;

    expect(ran).to.deep.equal(['late']);
  });

  it('captures those of one database (D-307)', async () => {
    const other = install(database.connect(), { using: 'other' });
    const callbacks = await captureOnCommitCallbacks({ using: 'other' }, async () => {
      await atomic(() => onCommit(run('default')));
      await atomic({ using: 'other' }, () => onCommit(run('other'), { using: 'other' }));
    });

    expect(callbacks).to.have.length(1);
    expect(ran).to.deep.equal(['default']);
    expect(connections.get('other')).to.equal(other);
    other.uninstall();
  });

  it('refuses wrong arguments at the call', () => {
    const given = captureOnCommitCallbacks as (...given: unknown[]) => unknown;

    expect(() => given()).to.throw(TypeError);
    expect(() => given({ execute: true })).to.throw(TypeError, /needs a function/);
    expect(() => given({ execute: 'yes' }, () => {})).to.throw(TypeError, /"execute"/);
    expect(() => given({ using: 'nowhere' }, () => {})).to.throw(/nowhere/);
  });
});

async function fail(after: Promise<unknown>): Promise<never> {
  await after;
  throw new Error('no');
}
