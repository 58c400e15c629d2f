import { expect } from 'chai';
import { Transaction } from 'sequelize';
import { atomic, onCommit, transaction } from 'sequelize-signals';
import { describeTransactions } from '../support/ledger.js';
import { poolOf } from '../support/pool.js';
import { rejectionOf } from '../support/rejection.js';

describeTransactions('a block that needs nothing', (bench) => {
  it('sends nothing and takes no connection', async () => {
    const idle = poolOf(bench.sequelize);
    const connections: unknown[] = [];
    bench.sequelize.addHook('beforeConnect', 'count', () => void connections.push(1));

    await atomic(async (t) => {
      expect(transaction.current()).to.equal(t);
      await atomic(() => onCommit(bench.ledger.callback('called')));
      await atomic({ savepoint: false }, () => {});
      await rejectionOf(atomic(() => Promise.reject(new Error('inner'))));
      expect(poolOf(bench.sequelize)).to.deep.equal(idle);
    });
    await rejectionOf(atomic(() => Promise.reject(new Error('outer'))));
    await atomic(() => transaction.setRollback(true));
    bench.sequelize.removeHook('beforeConnect', 'count');

    expect(bench.statements.all).to.deep.equal([]);
    expect(connections).to.deep.equal([]);
    expect(poolOf(bench.sequelize)).to.deep.equal(idle);
    expect(bench.ledger.called).to.deep.equal(['called']);
  });

  it('begins at its first query, and not before (D-206)', async () => {
    await atomic(async () => {
      expect(bench.statements.all).to.deep.equal([]);
      await bench.ledger.write('first');
      expect(bench.statements.verbs()).to.deep.equal(['BEGIN', 'INSERT']);
      await bench.ledger.write('second');
    });

    expect(bench.statements.verbs()).to.deep.equal(['BEGIN', 'INSERT', 'INSERT', 'COMMIT']);
  });

  it('holds a connection only from its first query on', async () => {
    await atomic(async () => {
      expect(poolOf(bench.sequelize).using).to.equal(0);
      await bench.ledger.entries.count();
      expect(poolOf(bench.sequelize).using).to.equal(
        bench.database.name === 'sqlite memory' ? 0 : 1,
      );
    });
  });

  describe('whose first query a model is building', () => {
    afterEach(() => {
      bench.ledger.entries.removeHook('beforeCreate', 'meanwhile');
    });

    /** Has `hook` run before the first query is built, when so many statements have been sent. */
    function meanwhile(sent: number, hook: () => void): void {
      bench.ledger.entries.addHook('beforeCreate', 'meanwhile', async () => {
        for (let turn = 0; turn < 10 || bench.statements.all.length < sent; turn += 1) {
          await new Promise(setImmediate);
        }
        hook();
      });
    }
    const waits = bench.database.dialect === 'sqlite'; // it would hold up the others

    const together = bench.database.dialect === 'postgres'; // BEGIN and SAVEPOINT are one string

    it(waits ? 'waits for the query' : 'begins meanwhile', async () => {
      let verbs: string[] = [];
      meanwhile(waits ? 0 : together ? 1 : 2, () => {
        verbs = bench.statements.verbs();
      });

      await atomic(() => atomic(() => bench.ledger.do('inner')));

      expect(verbs).to.deep.equal(waits ? [] : ['BEGIN', 'SAVEPOINT']);
      expect(bench.statements.verbs()).to.deep.equal([
        ...['BEGIN', 'SAVEPOINT', 'INSERT'],
        ...(bench.database.leavesReleasesOut ? ['COMMIT'] : ['RELEASE', 'COMMIT']),
      ]);
      await bench.ledger.expectDone(['inner']);
    });

    for (const caught of [false, true]) {
      it(`ends when the query never comes, and its error is ${caught ? '' : 'not '}caught`, async () => {
        meanwhile(waits ? 0 : 1, () => {
          throw new Error('of the hook');
        });
        const run = atomic(async () => {
          const error = await rejectionOf(bench.ledger.write('never'));
          if (!caught) throw error;
        });

        if (caught) await run;
        else expect((await rejectionOf(run)).message).to.equal('of the hook');
        const ended = ['BEGIN', caught ? 'COMMIT' : 'ROLLBACK'];
        expect(bench.statements.verbs()).to.deep.equal(waits ? [] : ended);
        await bench.ledger.expectDone([]);
      });
    }
  });

  it('begins once for queries that are sent together', async () => {
    await atomic(async () => {
      await Promise.all(['1', '2', '3'].map((name) => bench.ledger.write(name)));
    });

    const verbs = bench.statements.verbs();
    expect(verbs.filter((verb) => verb === 'BEGIN')).to.have.length(1);
    expect(verbs.at(0)).to.equal('BEGIN');
    expect(verbs.at(-1)).to.equal('COMMIT');
    expect(await bench.ledger.rows()).to.have.members(['1', '2', '3']);
  });

  it('nested, sets its savepoint at its own first query, after those of the levels around it', async () => {
    await atomic(async () => {
      await atomic(async () => {
        await atomic(async () => {
          expect(bench.statements.all).to.deep.equal([]);
          await bench.ledger.write('innermost');
        });
        await atomic(() => {});
      });
    });

    expect(bench.statements.verbs()).to.deep.equal([
      'BEGIN',
      'SAVEPOINT',
      'SAVEPOINT',
      'INSERT',
      ...(bench.database.leavesReleasesOut ? [] : ['RELEASE', 'RELEASE']),
      'COMMIT',
    ]);
  });

  for (const type of [Transaction.TYPES.IMMEDIATE, Transaction.TYPES.EXCLUSIVE]) {
    it(`begins at once all the same with the type ${type}`, async () => {
      await atomic({ type }, () => {
        expect(bench.statements.verbs()).to.deep.equal(['BEGIN']);
      });

      if (bench.database.dialect === 'sqlite') {
        expect(bench.statements.all[0]).to.include(type);
      }
      expect(bench.statements.verbs()).to.deep.equal(['BEGIN', 'COMMIT']);
    });
  }

  it('does not begin at once with the type DEFERRED', async () => {
    await atomic({ type: Transaction.TYPES.DEFERRED }, () => {});

    expect(bench.statements.all).to.deep.equal([]);
  });
});
