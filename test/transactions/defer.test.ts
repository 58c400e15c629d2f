import { expect } from 'chai';
import { atomic, defer, InvalidArgumentError, onCommit, transaction } from 'sequelize-signals';
import { describeTransactions, Ledger } from '../support/ledger.js';
import { rejectionOf } from '../support/rejection.js';

describeTransactions('defer()', (bench) => {
  it('in a block runs the function with its arguments after the commit', async () => {
    const write = (name: string, times: number) => bench.ledger.do(`${name} ${times}`);

    await atomic(async () => {
      expect(defer(write, 'deferred', 2)).to.equal(undefined);
      await bench.ledger.do('in the block');
    });

    await bench.ledger.expectDone(['in the block', 'deferred 2'], ['deferred 2', 'in the block']);
  });

  it('in a block runs it in a transaction of its own (D-328)', async () => {
    const error = await rejectionOf(
      atomic(async (around) => {
        await bench.ledger.write('stored');
        defer(async () => {
          expect(transaction.current()).to.not.equal(around);
          expect(transaction.inAtomicBlock()).to.equal(true);
          await bench.ledger.do('undone with the deferred function');
          throw new Error('of the deferred function');
        });
      }),
    );

    expect(error.message).to.equal('of the deferred function');
    await bench.ledger.expectDone(['stored'], []);
  });

  it('keeps its place among the callbacks', async () => {
    await atomic(async () => {
      await onCommit(bench.ledger.callback('1'));
      defer(bench.ledger.callback('2'));
      await atomic(() => {
        defer(bench.ledger.callback('3'));
      });
      await onCommit(bench.ledger.callback('4'));
    });

    expect(bench.ledger.called).to.deep.equal(['1', '2', '3', '4']);
  });

  it('is dropped with its block', async () => {
    await atomic(async () => {
      await rejectionOf(
        atomic(() => {
          defer(bench.ledger.callback('never'));
          throw new Error('inner');
        }),
      );
    });

    expect(bench.ledger.called).to.deep.equal([]);
  });

  it('outside of a block runs it at once, and returns its result', async () => {
    const add = (a: number, b: number): number => a + b;

    expect(defer(add, 1, 2)).to.equal(3);
    expect(await defer(async (a: number) => a, 7)).to.equal(7);
  });

  it('outside of a block throws what the function throws', () => {
    expect(() =>
      defer(() => {
        throw new Error('of the function');
      }),
    ).to.throw('of the function');
  });

  it('refuses at the call what is no function', async () => {
    const wrong = defer as (...parameters: unknown[]) => unknown;

    expect(() => wrong('name')).to.throw(InvalidArgumentError, 'defer()');
    await atomic(() => {
      expect(() => wrong(null)).to.throw(InvalidArgumentError);
    });
  });

  it('of a connection works on that database', async () => {
    const other = bench.context.install(bench.database.connect(), { using: 'other' });
    const elsewhere = await Ledger.join(other.sequelize);

    await other.atomic(async () => {
      other.defer((name: string) => elsewhere.do(name), 'deferred');
      defer(elsewhere.callback('at once: no block of the default database'));
    });

    await elsewhere.expectDone(
      ['deferred'],
      ['at once: no block of the default database', 'deferred'],
    );
    await elsewhere.clear();
    other.uninstall();
  });
});
