import { expect } from 'chai';
import { atomic, DurableTransactionError, TransactionManagementError } from 'sequelize-signals';
import { describeTransactions, Ledger } from '../support/ledger.js';
import { rejectionOf } from '../support/rejection.js';

describeTransactions('a durable block', (bench) => {
  it('is refused inside another block, before any SQL and before its function runs (D-222)', async () => {
    for (const outer of [{}, { durable: true }, { savepoint: false }]) {
      await atomic(outer, async () => {
        const error = await rejectionOf(atomic({ durable: true }, () => bench.ledger.do('never')));
        expect(error).to.be.instanceOf(DurableTransactionError);
        expect(error).to.be.instanceOf(TransactionManagementError);
        expect(error).to.include({ code: 'SIGNALS_DURABLE' });
      });
    }

    expect(bench.statements.all).to.deep.equal([]);
    await bench.ledger.expectDone([]);
  });

  it('is refused in a nested block too', async () => {
    await atomic(async () => {
      await atomic(async () => {
        const error = await rejectionOf(atomic({ durable: true }, () => {}));
        expect(error).to.be.instanceOf(DurableTransactionError);
      });
    });
  });

  it('is refused inside a transaction of Sequelize (where Django takes it: D-225)', async () => {
    await bench.sequelize.transaction(async () => {
      const error = await rejectionOf(atomic({ durable: true }, () => {}));
      expect(error).to.be.instanceOf(DurableTransactionError);
    });
  });

  it('leaves the block around it sound', async () => {
    await atomic(async () => {
      await bench.ledger.do('before');
      await rejectionOf(atomic({ durable: true }, () => {}));
      await bench.ledger.do('after');
    });

    await bench.ledger.expectDone(['before', 'after']);
  });

  it('takes blocks inside of it, and other durable ones after it (D-223)', async () => {
    await atomic({ durable: true }, async () => {
      await atomic(() => bench.ledger.do('inner'));
    });
    await atomic({ durable: true, savepoint: false }, () => bench.ledger.do('next'));

    await bench.ledger.expectDone(['inner', 'next']);
  });

  it('is a transaction whatever it says of savepoints (D-226)', async () => {
    for (const savepoint of [true, false]) {
      await atomic({ durable: true, savepoint }, () => bench.ledger.do(`${savepoint}`));
    }

    const block = ['BEGIN', 'INSERT', 'COMMIT'];
    expect(bench.statements.verbs()).to.deep.equal([...block, ...block]);
    await bench.ledger.expectDone(['true', 'false']);
  });

  it('is at home in a callback, which runs outside of the block', async () => {
    await atomic(async (t) => {
      t.afterCommit(() => atomic({ durable: true }, () => bench.ledger.do('stored')));
    });

    await bench.ledger.expectDone(['stored']);
  });

  it('looks at its own database alone (D-224)', async () => {
    const other = bench.context.install(bench.database.connect(), { using: 'other' });
    const elsewhere = await Ledger.join(other.sequelize);

    await atomic(async () => {
      await other.atomic({ durable: true }, () => elsewhere.do('durable'));
      expect(elsewhere.called).to.deep.equal(['durable']);
    });

    other.uninstall();
  });
});
