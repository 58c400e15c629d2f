import { expect } from 'chai';
import { Deferrable, type Sequelize, Transaction } from 'sequelize';
import { type AtomicOptions, atomic, NotInstalledError, transaction } from 'sequelize-signals';
import { describeTransactions } from '../support/ledger.js';
import { rejectionOf } from '../support/rejection.js';

describeTransactions('atomic()', (bench) => {
  describe('run with a function', () => {
    it('commits and resolves to what the function returned (D-206, D-242)', async () => {
      const result = await atomic(async () => {
        await bench.ledger.do('stored');
        return 42;
      });

      expect(result).to.equal(42);
      expect(bench.statements.verbs()).to.deep.equal(['BEGIN', 'INSERT', 'COMMIT']);
      await bench.ledger.expectDone(['stored']);
    });

    it('rolls back and rejects with what the function threw, unwrapped (D-206, D-242)', async () => {
      const thrown = { not: 'an Error' };

      const error = await rejectionOf(
        atomic(async () => {
          await bench.ledger.do('undone');
          throw thrown;
        }),
      );

      expect(error).to.equal(thrown);
      expect(bench.statements.verbs()).to.deep.equal(['BEGIN', 'INSERT', 'ROLLBACK']);
      await bench.ledger.expectDone([]);
    });

    it('rejects when the function throws before it returns a promise', async () => {
      const error = await rejectionOf(
        atomic(() => {
          throw new Error('synchronous');
        }),
      );

      expect(error.message).to.equal('synchronous');
    });

    it('takes a function that is not asynchronous', async () => {
      expect(await atomic(() => 'result')).to.equal('result');
    });

    it('gives the function the transaction that its queries join by themselves', async () => {
      await atomic(async (t) => {
        expect(t).to.be.instanceOf(Transaction);
        expect(transaction.current()).to.equal(t);
        await bench.ledger.write('joined');
        const seenOutside = await bench.ledger.entries.count({ transaction: t });
        expect(seenOutside).to.equal(1);
      });
    });

    it('ends before it resolves', async () => {
      let ended: Transaction | undefined;
      await atomic(async (t) => {
        ended = t;
      });

      expect(transaction.inAtomicBlock()).to.equal(false);
      expect(transaction.current()).to.equal(undefined);
      expect(await rejectionOf(bench.ledger.write('late', ended))).to.include({
        code: 'SIGNALS_TRANSACTION_ENDED',
      });
    });
  });

  describe('as a wrapper', () => {
    it('runs the function as a block on each call, with its arguments and its this (D-205, D-239)', async () => {
      const shop = {
        till: 7,
        pay: atomic({ durable: true })(async function pay(
          this: { till: number },
          name: string,
          times: number,
        ) {
          expect(transaction.inAtomicBlock()).to.equal(true);
          await bench.ledger.do(name);
          return this.till * times;
        }),
      };

      expect(await shop.pay('first', 2)).to.equal(14);
      expect(await shop.pay('second', 3)).to.equal(21);
      await bench.ledger.expectDone(['first', 'second']);
    });

    it('keeps the name of the function', () => {
      expect(atomic()(function transfer() {}).name).to.equal('transfer');
    });

    it('can be nested in itself (D-214)', async () => {
      const countdown = atomic()(async (n: number): Promise<void> => {
        await bench.ledger.do(`level ${n}`);
        if (n > 0) await countdown(n - 1);
      });

      await countdown(2);

      await bench.ledger.expectDone(['level 2', 'level 1', 'level 0']);
    });

    it('returns a function that rejects, and never throws', async () => {
      const lost = atomic({ using: 'nowhere' })(() => 'result');

      const promise = lost();

      expect(await rejectionOf(promise)).to.be.instanceOf(NotInstalledError);
    });
  });

  describe('as a decorator', () => {
    it('makes blocks of methods, static and private ones included (D-205)', async () => {
      class Bank {
        static readonly branch = 'main';
        readonly owner = 'Ada';

        @atomic()
        async open(name: string) {
          await bench.ledger.do(`${this.owner} ${name}`);
          return transaction.inAtomicBlock() && this.#audit();
        }

        @atomic({ durable: true })
        static async audit() {
          await bench.ledger.do(Bank.branch);
        }

        @atomic({ savepoint: false })
        async #audit() {
          await bench.ledger.do('audited');
          return true;
        }
      }

      expect(await new Bank().open('account')).to.equal(true);
      await Bank.audit();

      expect(Bank.prototype.open.name).to.equal('open');
      await bench.ledger.expectDone(['Ada account', 'audited', 'main']);
    });

    it('serves the decorators of experimentalDecorators', async () => {
      class Bank {
        readonly owner = 'Ada';

        async open(name: string) {
          await bench.ledger.do(`${this.owner} ${name}`);
          throw new Error('undone');
        }
      }
      const original = Object.getOwnPropertyDescriptor(Bank.prototype, 'open') ?? {};
      const decorated = atomic()(Bank.prototype, 'open', original);
      Object.defineProperty(Bank.prototype, 'open', decorated);

      const error = await rejectionOf(new Bank().open('account'));

      expect(error.message).to.equal('undone');
      expect({ ...decorated, value: undefined }).to.deep.equal({ ...original, value: undefined });
      await bench.ledger.expectDone([]);
    });
  });

  describe('given something wrong', () => {
    it('rejects when the database is not installed, at the call and not before (D-240)', async () => {
      const options = { using: 'nowhere' };
      const wrap = atomic(options);
      let ran = false;

      const error = await rejectionOf(
        atomic(options, () => {
          ran = true;
        }),
      );

      expect(error).to.be.instanceOf(NotInstalledError);
      expect(error.message).to.include('"nowhere"').and.include('install(');
      expect(wrap).to.be.a('function');
      expect(ran).to.equal(false);
    });

    it('rejects when the transaction is of another database, or of nobody', async () => {
      const other: Sequelize = bench.database.connect();
      const foreign = await other.transaction();
      for (const given of [foreign, {} as Transaction]) {
        const error = await rejectionOf(atomic({ transaction: given }, () => {}));
        expect(error).to.include({ code: 'SIGNALS_TRANSACTION_FOREIGN' });
      }
      await foreign.rollback();
    });
  });

  it('never changes the options of the caller', async () => {
    const options: AtomicOptions = Object.freeze({
      using: bench.sequelize,
      savepoint: true,
      isolationLevel: Transaction.ISOLATION_LEVELS.SERIALIZABLE,
      readOnly: false,
      retry: Object.freeze({ times: 1, delay: 0 }),
    });
    const before = { ...options };

    await atomic(options, () => bench.ledger.do('first'));
    await atomic(options)(() => bench.ledger.do('second'))();

    expect(options).to.deep.equal(before);
    await bench.ledger.expectDone(['first', 'second']);
  });

  if (bench.database.dialect === 'postgres') {
    it('gives the time at which constraints are checked to the transaction', async () => {
      // Sequelize's types leave out that the class stands for "all of them".
      const deferrable = Deferrable.SET_DEFERRED as unknown as AtomicOptions['deferrable'];
      await atomic({ deferrable }, () => bench.ledger.do('stored'));

      expect(bench.statements.verbs()).to.deep.equal(['BEGIN', 'SET', 'INSERT', 'COMMIT']);
      expect(bench.statements.all[1]).to.equal('SET CONSTRAINTS ALL DEFERRED');
    });
  }

  it('gives the isolation level and the access mode to the transaction', async () => {
    await atomic(
      { isolationLevel: Transaction.ISOLATION_LEVELS.READ_COMMITTED, readOnly: true },
      async (t) => {
        await bench.ledger.entries.count();
        expect((t as unknown as { options: object }).options).to.include({
          isolationLevel: 'READ COMMITTED',
          readOnly: true,
        });
      },
    );

    expect(bench.statements.all.join('\n')).to.match(/READ[ _](UN)?COMMITTED/i);
  });
});
