import { expect } from 'chai';
import { Deferrable, type Sequelize, Transaction } from 'sequelize';
import { atomic, type Connection, install, transaction } from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { FaultyProxy } from '../support/faulty-proxy.js';
import { Ledger } from '../support/ledger.js';
import { expectIdlePool } from '../support/pool.js';
import { rejectionOf } from '../support/rejection.js';
import { Statements } from '../support/statements.js';

/** The statements as they were sent, with short names of savepoints. */
function sent(statements: Statements): string[] {
  return statements.all.map((sql) =>
    sql.replace(/"[\w-]+-(sp-\d+)"/g, '$1').replace(/ INTO .*/, ''),
  );
}

/** Nested blocks that write, one after another. */
async function writeNested(ledger: Ledger, names: readonly string[]): Promise<void> {
  for (const name of names) await atomic(() => ledger.write(name));
}

describeOnEachDatabase('statements that are sent together', (database) => {
  if (database.dialect !== 'postgres') return; // it alone takes several in one string

  const statements = new Statements();
  let sequelize: Sequelize;
  let ledger: Ledger;
  let connection: Connection | undefined;

  async function open(options: Parameters<typeof database.connect>[0] = {}): Promise<void> {
    sequelize = database.connect({ logging: statements.log, ...options });
    connection = install(sequelize);
    ledger = await Ledger.open(sequelize);
    statements.clear();
  }

  beforeEach(() => open());
  afterEach(() => {
    expectIdlePool(sequelize);
    connection?.uninstall();
  });

  it('are BEGIN and the first SAVEPOINT', async () => {
    await atomic(() => writeNested(ledger, ['nested']));

    expect(sent(statements)).to.deep.equal([
      'START TRANSACTION;SAVEPOINT sp-1',
      'INSERT',
      'COMMIT',
    ]);
    await ledger.expectDone(['nested'], []);
  });

  it('are BEGIN and its isolation level', async () => {
    await atomic({ isolationLevel: Transaction.ISOLATION_LEVELS.SERIALIZABLE }, () =>
      ledger.write('strict'),
    );

    expect(sent(statements)).to.deep.equal([
      'START TRANSACTION;SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
      ...['INSERT', 'COMMIT'],
    ]);
  });

  it('are the end of one savepoint and the beginning of the next', async () => {
    await atomic(async () => {
      await ledger.write('outer');
      await writeNested(ledger, ['first', 'second']);
      await ledger.write('last');
    });

    expect(sent(statements)).to.deep.equal([
      ...['START TRANSACTION', 'INSERT', 'SAVEPOINT sp-1', 'INSERT'],
      ...['RELEASE SAVEPOINT sp-1;SAVEPOINT sp-2', 'INSERT', 'INSERT', 'COMMIT'],
    ]);
    await ledger.expectDone(['outer', 'first', 'second', 'last'], []);
  });

  it('are the end of one with others inside and the beginning of the next', async () => {
    await atomic(async () => {
      await atomic(() => writeNested(ledger, ['1.1', '1.2']));
      await writeNested(ledger, ['2']);
    });

    expect(sent(statements).filter((sql) => sql.includes('SAVEPOINT'))).to.deep.equal([
      'START TRANSACTION;SAVEPOINT sp-1',
      'SAVEPOINT sp-2',
      'RELEASE SAVEPOINT sp-2;SAVEPOINT sp-3',
      'RELEASE SAVEPOINT sp-1;SAVEPOINT sp-4',
    ]);
    await ledger.expectDone(['1.1', '1.2', '2'], []);
  });

  it('are the ROLLBACK TO a savepoint and its end', async () => {
    await atomic(async () => {
      await writeNested(ledger, ['kept']);
      await rejectionOf(
        atomic(async () => {
          await writeNested(ledger, ['undone']);
          throw new Error('of the function');
        }),
      );
    });

    expect(sent(statements).slice(2)).to.deep.equal([
      ...['RELEASE SAVEPOINT sp-1;SAVEPOINT sp-2', 'SAVEPOINT sp-3', 'INSERT'],
      ...['ROLLBACK TO SAVEPOINT sp-2;RELEASE SAVEPOINT sp-2', 'COMMIT'],
    ]);
    await ledger.expectDone(['kept'], []);
  });

  it('leave no more than one savepoint behind, however many there were', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `${index}`);

    await atomic(() => writeNested(ledger, names));

    const released = statements.all.filter((sql) => sql.startsWith('RELEASE'));
    expect(released).to.have.length(999);
    expect(statements.all).to.have.length(2 * 1000 + 1);
  });

  it('are none where a savepoint goes on that is set by hand', async () => {
    await atomic(async () => {
      await writeNested(ledger, ['before']);
      const sid = await transaction.savepoint();
      await writeNested(ledger, ['undone']);
      await transaction.savepointRollback(sid);
      await writeNested(ledger, ['after']);
      await transaction.savepointCommit(sid);
      await writeNested(ledger, ['last']);
    });

    expect(sent(statements).filter((sql) => sql.includes('SAVEPOINT'))).to.deep.equal([
      'START TRANSACTION;SAVEPOINT sp-1',
      'RELEASE SAVEPOINT sp-1;SAVEPOINT sp-2',
      'SAVEPOINT sp-3',
      'ROLLBACK TO SAVEPOINT sp-2',
      'SAVEPOINT sp-4',
      'RELEASE SAVEPOINT sp-2;SAVEPOINT sp-5',
    ]);
    await ledger.expectDone(['before', 'after', 'last'], []);
  });

  it('are none once the application sets savepoints by SQL', async () => {
    await atomic(async () => {
      await writeNested(ledger, ['before']);
      await sequelize.query('SAVEPOINT own');
      await writeNested(ledger, ['undone', 'undone as well']);
      await sequelize.query('ROLLBACK TO SAVEPOINT own');
      await writeNested(ledger, ['after']);
    });

    expect(sent(statements).slice(3, 6)).to.deep.equal([
      ...['SAVEPOINT sp-2', 'INSERT', 'RELEASE SAVEPOINT sp-2'],
    ]);
    await ledger.expectDone(['before', 'after'], []);
  });

  it('are none where constraints are to be deferred before a savepoint', async () => {
    await atomic({ deferrable: new Deferrable.SET_DEFERRED() }, () =>
      writeNested(ledger, ['nested']),
    );

    expect(sent(statements).slice(0, 3)).to.deep.equal([
      ...['START TRANSACTION', 'SET CONSTRAINTS ALL DEFERRED', 'SAVEPOINT sp-1'],
    ]);
  });

  it('are none where a hook sees each of them', async () => {
    sequelize.addHook('beforeQuery', () => {});

    await atomic(() => writeNested(ledger, ['nested']));

    expect(statements.verbs()).to.deep.equal([
      ...['BEGIN', 'SAVEPOINT', 'INSERT', 'RELEASE', 'COMMIT'],
    ]);
  });

  it('are not left out where the driver does not tell the state of the transaction', async () => {
    connection?.uninstall();
    const afterConnect = (driver: unknown) => {
      Object.assign(driver as object, { getTransactionStatus: undefined });
    };
    await open({ hooks: { afterConnect } });

    await atomic(() => writeNested(ledger, ['nested']));

    expect(statements.verbs()).to.deep.equal([
      ...['BEGIN', 'SAVEPOINT', 'INSERT', 'RELEASE', 'COMMIT'],
    ]);
  });

  it('reject the block that they begin, and the one around it, when the connection is lost', async () => {
    const proxy = await FaultyProxy.before(sequelize);
    connection?.uninstall();
    await open(proxy.options);
    let second: Error | undefined;

    const outer = await rejectionOf<Error>(
      atomic(async () => {
        await writeNested(ledger, ['first']);
        proxy.cutAt('RELEASE');
        second = await rejectionOf(writeNested(ledger, ['second']));
      }),
    );

    expect(second).to.have.property('parent');
    expect(outer.cause).to.equal(second);
    await ledger.expectDone([]);
    await sequelize.connectionManager.close();
    await proxy.close();
  });
});
