import { expect } from 'chai';
import type { Transaction } from 'sequelize';
import {
  atomic,
  onCommit,
  type PostCommit,
  type PostRollback,
  postCommit,
  postRollback,
  TransactionManagementError,
  transaction,
  type Undo,
} from 'sequelize-signals';
import { assert, fake } from 'sinon';
import { describeTransactions } from '../support/ledger.js';
import { captureLog } from '../support/logged.js';
import { rejectionOf } from '../support/rejection.js';

describeTransactions('the signals of transactions', (bench) => {
  const logged = captureLog();
  const undo: Undo[] = [];
  let commits: PostCommit[];
  let rollbacks: PostRollback[];

  beforeEach(() => {
    commits = [];
    rollbacks = [];
  });
  afterEach(() => {
    for (const disconnect of undo.splice(0)) disconnect();
  });

  function listen(sender: string | null = null): void {
    undo.push(postCommit.connect((event) => void commits.push(event), { sender }));
    undo.push(postRollback.connect((event) => void rollbacks.push(event), { sender }));
  }

  it('tell of each outermost block, with the alias as sender (D-329)', async () => {
    listen('default');
    let committed: Transaction | undefined;

    await atomic(async (t) => {
      committed = t;
      await atomic(() => bench.ledger.do('stored'));
    });

    expect(commits).to.have.length(1);
    expect(commits[0]).to.include({ sender: 'default', using: 'default', transaction: committed });
    expect(rollbacks).to.deep.equal([]);
  });

  it('tell of a rollback with its error (D-271)', async () => {
    listen();
    const error = await rejectionOf(
      atomic(async () => {
        await bench.ledger.do('undone');
        throw new Error('of the function');
      }),
    );

    expect(commits).to.deep.equal([]);
    expect(rollbacks).to.have.length(1);
    expect(rollbacks[0]).to.include({ sender: 'default', error });
  });

  it('are silent about savepoints (D-329, D-330)', async () => {
    listen();

    await atomic(async () => {
      await rejectionOf(
        atomic(async () => {
          await bench.ledger.do('inner');
          throw new Error('inner');
        }),
      );
    });

    expect([commits.length, rollbacks.length]).to.deep.equal([1, 0]);
  });

  it('are silent about a query outside of any transaction (D-331)', async () => {
    listen();

    await bench.ledger.write('stored');

    expect([commits.length, rollbacks.length]).to.deep.equal([0, 0]);
  });

  it('are silent for senders that nobody asked about', async () => {
    listen('another');

    await atomic(() => bench.ledger.do('stored'));

    expect([commits.length, rollbacks.length]).to.deep.equal([0, 0]);
  });

  it('tell of the transactions of Sequelize, managed or not', async () => {
    listen();
    const { sequelize } = bench;

    await sequelize.transaction((t) => bench.ledger.write('managed', t));
    const kept = await sequelize.transaction();
    await kept.commit();
    const undone = await sequelize.transaction();
    await undone.rollback();
    const error = await rejectionOf(sequelize.transaction(() => Promise.reject(new Error('raw'))));

    expect(commits.map((event) => event.transaction))
      .to.include(kept)
      .and.have.length(2);
    expect(rollbacks.map((event) => event.error)).to.deep.equal([undefined, error]);
  });

  it('are sent after the callbacks, outside of the transaction', async () => {
    undo.push(
      postCommit.connect(async () => {
        bench.ledger.callback('postCommit')();
        expect(transaction.inAtomicBlock()).to.equal(false);
        await bench.ledger.write('by the receiver');
      }),
    );

    await atomic(() => bench.ledger.do('stored'));

    await bench.ledger.expectDone(['stored', 'by the receiver'], ['stored', 'postCommit']);
  });

  it('let a receiver of postCommit fail the caller, and the data stays', async () => {
    undo.push(postCommit.connect(() => Promise.reject(new Error('of the receiver'))));

    const error = await rejectionOf(atomic(() => bench.ledger.do('stored')));

    expect(error.message).to.equal('of the receiver');
    await bench.ledger.expectDone(['stored']);
  });

  it('do not let a receiver of postRollback hide the error of the block', async () => {
    const failure = new Error('of the receiver');
    const never = fake();
    undo.push(
      postRollback.connect(
        function clean() {
          return Promise.reject(failure);
        },
        { dispatchUid: 'cleaning' },
      ),
      postRollback.connect(never),
    );

    const error = await rejectionOf(atomic(() => Promise.reject(new Error('of the function'))));

    expect(error.message).to.equal('of the function');
    expect(logged().map(([, cause]) => cause)).to.deep.equal([failure]);
    expect(logged()[0]?.[0]).to.match(
      /^postRollback receiver "clean" \(dispatchUid 'cleaning', .*\) failed: of the receiver$/,
    );
    assert.notCalled(never);
  });

  describe('of the current transaction alone', () => {
    const { signals } = transaction;

    it('are sent when it ends, and to nobody afterwards (D-328)', async () => {
      await atomic(async () => {
        signals.postCommit.connect(bench.ledger.callback('committed'));
        signals.postRollback.connect(bench.ledger.callback('rolled back'));
        expect(signals.postCommit.hasListeners()).to.equal(true);
      });
      await rejectionOf(
        atomic(() => {
          expect(signals.postCommit.hasListeners()).to.equal(false);
          signals.postCommit.connect(bench.ledger.callback('never'));
          signals.postRollback.connect(bench.ledger.callback('rolled back'));
          throw new Error('rolled back');
        }),
      );
      await atomic(() => bench.ledger.write('next'));

      expect(bench.ledger.called).to.deep.equal(['committed', 'rolled back']);
    });

    it('are one for all levels, and are kept when a savepoint is rolled back', async () => {
      await atomic(async () => {
        await rejectionOf(
          atomic(() => {
            signals.postCommit.connect(bench.ledger.callback('connected in a failed block'));
            throw new Error('inner');
          }),
        );
        await atomic(() => {
          signals.postCommit.connect(bench.ledger.callback('connected in a block'));
        });
      });

      expect(bench.ledger.called).to.deep.equal([
        'connected in a failed block',
        'connected in a block',
      ]);
    });

    it('can be disconnected, by the undo or by the receiver', async () => {
      await atomic(() => {
        const receiver = bench.ledger.callback('never');
        const disconnect = signals.postCommit.connect(receiver);
        expect(disconnect()).to.equal(true);
        signals.postCommit.connect(receiver);
        expect(signals.postCommit.disconnect(receiver)).to.equal(true);
        expect(signals.postCommit.disconnect(receiver)).to.equal(false);
      });

      expect(bench.ledger.called).to.deep.equal([]);
    });

    // One at a time writes to SQLite.
    if (bench.database.dialect !== 'sqlite') {
      it('are those of each of two transactions that run at once', async () => {
        await Promise.all(
          ['first', 'second'].map((name) =>
            atomic(async () => {
              signals.postCommit.connect(bench.ledger.callback(name));
              await bench.ledger.write(name);
              if (name === 'second') transaction.setRollback(true);
            }),
          ),
        );

        expect(bench.ledger.called).to.deep.equal(['first']);
      });
    }

    it('are sent after the callbacks and before those of all transactions', async () => {
      undo.push(postCommit.connect(bench.ledger.callback('of all')));
      await atomic(async () => {
        signals.postCommit.connect(bench.ledger.callback('of this one'));
        await onCommit(bench.ledger.callback('callback'));
      });

      expect(bench.ledger.called).to.deep.equal(['callback', 'of this one', 'of all']);
    });

    it('cannot be asked for outside of a block', () => {
      expect(() => signals.postCommit.connect(() => {})).to.throw(TransactionManagementError);
      expect(() => signals.postRollback.hasListeners()).to.throw(TransactionManagementError);
    });

    it('work in a transaction of Sequelize', async () => {
      await bench.sequelize.transaction(async () => {
        signals.postCommit.connect(bench.ledger.callback('committed'));
      });

      expect(bench.ledger.called).to.deep.equal(['committed']);
    });
  });
});
