import { expect } from 'chai';
import type { Sequelize } from 'sequelize';
import { atomic, type Connection, onCommit, RolledBackError } from 'sequelize-signals';
import { deferred } from '../support/deferred.js';
import { FORMS } from '../support/forms.js';
import { describeTransactions, Ledger } from '../support/ledger.js';
import { expectIdlePool, poolOf } from '../support/pool.js';
import { rejectionOf } from '../support/rejection.js';

describeTransactions('the end of a block', (bench) => {
  before(() => {
    bench.sequelize.addHook('beforeQuery', 'hold', (options) => (options as Held).until);
  });

  /** Writes an entry, once `until` resolves. */
  const writeLate = (name: string, until: Promise<void>): Promise<unknown> =>
    bench.sequelize.query(`INSERT INTO entries (name) VALUES ('${name}')`, { until } as object);

  it('waits for the queries that are under way, and stores them', async () => {
    const release = deferred();
    let unawaited: Promise<unknown> | undefined;
    const block = atomic(async () => {
      await bench.ledger.do('awaited');
      unawaited = writeLate('not awaited', release.promise);
    });
    release.resolve();
    await block;

    await unawaited;
    await bench.ledger.expectDone(['awaited', 'not awaited'], ['awaited']);
  });

  it('waits for them too when its function has failed, and undoes them', async () => {
    const release = deferred();
    let unawaited: Promise<unknown> | undefined;
    const block = atomic(async () => {
      await bench.ledger.do('awaited');
      unawaited = writeLate('not awaited', release.promise);
      throw new Error('of the function');
    });
    release.resolve();

    expect((await rejectionOf(block)).message).to.equal('of the function');
    await unawaited;
    expect(bench.statements.verbs().at(-1)).to.equal('ROLLBACK');
    await bench.ledger.expectDone([]);
  });

  // Elsewhere its end takes no statement that could be waited for.
  if (!bench.database.leavesReleasesOut) {
    it('waits for an inner block that nobody awaited, when that is ending', async () => {
      const releaseIsSent = deferred();
      const watched = watch((line) => /RELEASE/.test(line) && releaseIsSent.resolve());
      const ledger = await Ledger.join(watched.sequelize);
      let inner: Promise<string> | undefined;

      await watched.atomic(async () => {
        inner = watched.atomic(async () => {
          await ledger.do('inner');
          return 'stored';
        });
        await releaseIsSent.promise;
      });

      expect(await inner).to.equal('stored');
      await ledger.expectDone(['inner']);
      await ledger.clear();
      watched.uninstall();
    });
  }

  it('waits for an inner block that waits for its own queries', async () => {
    const release = deferred();
    const innerReturned = deferred();
    let inner: Promise<void> | undefined;
    const block = atomic(async () => {
      inner = atomic(async () => {
        await bench.ledger.do('inner');
        void writeLate('of the inner one', release.promise);
        innerReturned.resolve();
      });
      await innerReturned.promise;
      await Promise.resolve(); // the inner block has begun to end
    });
    release.resolve();
    await block;
    await inner;

    await bench.ledger.expectDone(['inner', 'of the inner one'], ['inner']);
  });

  if (bench.database.dialect !== 'sqlite' && bench.context.useCLS === 'never') {
    it('gives a connection back that it got too late', async () => {
      const small = bench.context.install(bench.database.connect({ pool: { max: 1 } }), {
        using: 'small',
      });
      const ledger = await Ledger.join(small.sequelize);
      const taken = await small.sequelize.transaction();
      let late: Promise<Error> | undefined;

      const block = small.atomic(async () => {
        late = rejectionOf(small.sequelize.query("INSERT INTO entries (name) VALUES ('late')"));
      });
      await taken.commit();
      await block;

      expect(await late).to.include({ code: 'SIGNALS_TRANSACTION_COMMITTING' });
      expect(await ledger.rows()).to.deep.equal([]);
      expectIdlePool(small.sequelize);
      small.uninstall();
    });

    for (const form of FORMS) {
      it(`of ${form.title} is a rejection when it gets no connection`, async () => {
        const small = bench.database.connect({ pool: { max: 1, acquire: 300 } });
        const connection = bench.context.install(small, { using: 'small' });
        const ledger = await Ledger.join(small);
        const taken = await small.transaction();

        const error = await rejectionOf(
          form.run(small, async (t) => {
            await onCommit(ledger.callback('never'), { using: small, transaction: t });
            await ledger.write('never', t);
          }),
        );
        await taken.commit();

        expect(error.name).to.equal('SequelizeConnectionAcquireTimeoutError');
        await ledger.expectDone([]);
        expectIdlePool(small);
        connection.uninstall();
      });
    }

    for (const inside of ['itself', 'a nested block'] as const) {
      it(`is a rejection also when that error is caught, of ${inside}`, async () => {
        const small = bench.database.connect({ pool: { max: 1, acquire: 300 } });
        const connection = bench.context.install(small, { using: 'small' });
        const ledger = await Ledger.join(small);
        const taken = await small.transaction();
        const write = () => ledger.write('never');

        const error = await rejectionOf(
          connection.atomic(async () => {
            await rejectionOf(inside === 'itself' ? write() : connection.atomic(write));
            await taken.commit();
            await rejectionOf(ledger.write('neither'));
          }),
        );

        expect(error).to.be.instanceOf(RolledBackError);
        await ledger.expectDone([]);
        expect(poolOf(small).using).to.equal(0);
        connection.uninstall();
      });
    }

    for (const form of FORMS) {
      it(`of ${form.title} is a rejection when a hook refuses the connection`, async () => {
        const other = bench.database.connect();
        const connection = bench.context.install(other, { using: 'other' });
        other.addHook('beforeConnect', () => Promise.reject(new Error('no password')));

        const error = await rejectionOf(
          form.run(other, (t) => other.query('SELECT 1', { transaction: t })),
        );

        expect(error.message).to.equal('no password');
        expectIdlePool(other);
        connection.uninstall();
      });

      // With mysql2, Sequelize itself waits for ever: it asks for the server's version meanwhile.
      if (bench.database.dialect === 'mysql') continue;

      it(`of ${form.title} does not wait for a hook that queries when it gets a connection`, async () => {
        const other = bench.database.connect({ pool: { max: 2 } });
        const connection = bench.context.install(other, { using: 'other' });
        let made = 0;
        other.addHook('afterConnect', async () => {
          made += 1;
          if (made === 1) await other.query('SELECT 1 AS one', { type: 'SELECT' });
        });

        await form.run(other, (t) =>
          other.query('SELECT 1 AS one', { transaction: t, type: 'SELECT' }),
        );

        expect(made).to.equal(2);
        connection.uninstall();
      });
    }
  }

  for (const form of FORMS) {
    it(`of ${form.title} is a rejection when it cannot begin`, async () => {
      const { options } = bench.sequelize as unknown as { options: { isolationLevel?: string } };
      options.isolationLevel = 'NONSENSE';
      const error = await rejectionOf(
        form.run(bench.sequelize, (t) => bench.ledger.write('never', t)),
      );
      delete options.isolationLevel;

      expect(error.message).to.match(/NONSENSE|level/i);
      await bench.ledger.expectDone([]);
    });
  }

  for (const thrown of [undefined, null, 'a string', 0]) {
    it(`passes on that its function threw ${JSON.stringify(thrown)}`, async () => {
      await atomic(async () => {
        const outcome = await atomic(async () => {
          await bench.ledger.do('undone');
          throw thrown;
        }).then(
          () => 'resolved',
          (error) => ({ error }),
        );
        expect(outcome).to.deep.equal({ error: thrown });
      });

      await bench.ledger.expectDone([]);
    });
  }

  /** An installed database that shows what it sends. */
  function watch(see: (line: string) => unknown): Connection {
    const sequelize: Sequelize = bench.database.connect({ logging: (line) => void see(line) });
    return bench.context.install(sequelize, { using: 'watched' });
  }
});

/** The options of a query that the hook holds back. */
interface Held {
  readonly until?: Promise<void>;
}
