import { expect } from 'chai';
import { describeTransactions } from '../support/ledger.js';

describeTransactions('a query with a lock', (bench) => {
  if (bench.database.dialect === 'sqlite') return; // it has none for rows

  it('is sent as it is outside of a block, where Django refuses it (D-241)', async () => {
    await bench.ledger.write('stored');
    bench.statements.clear();

    const locked = await bench.ledger.entries.findAll({ lock: true });

    expect(locked).to.have.length(1);
    expect(bench.statements.all).to.have.length(1);
    expect(bench.statements.all[0]).to.match(/FOR UPDATE$/);
  });
});
