import { expect } from 'chai';
import { QueryTypes, type Sequelize, type Transaction } from 'sequelize';
import {
  atomic,
  type Connection,
  install,
  onCommit,
  postRollback,
  transaction,
} from 'sequelize-signals';
import { testTransaction } from 'sequelize-signals/testing';
import { describeOnEachDatabase } from '../support/databases.js';
import { FaultyProxy } from '../support/faulty-proxy.js';
import { FORMS } from '../support/forms.js';
import { Ledger } from '../support/ledger.js';
import { expectIdlePool, poolOf } from '../support/pool.js';
import { rejectionOf } from '../support/rejection.js';

describeOnEachDatabase('a lost connection', (database) => {
  if (database.dialect === 'sqlite') return; // there is none to lose

  let proxy: FaultyProxy;
  let sequelize: Sequelize;
  let direct: Sequelize;
  let connection: Connection | undefined;
  let ledger: Ledger;

  before(async () => {
    direct = database.connect();
    proxy = await FaultyProxy.before(direct);
    sequelize = database.connect({ ...proxy.options, pool: { max: 2, acquire: 2_000 } });
    connection = install(sequelize);
    ledger = await Ledger.open(sequelize);
  });
  beforeEach(() => ledger.clear());
  afterEach(async () => {
    expectIdlePool(sequelize);
    await expectItServes();
  });
  after(async () => {
    // Where there is no such server, nothing was opened.
    connection?.uninstall();
    await sequelize?.close();
    await proxy?.close();
  });

  for (const form of FORMS) {
    describe(form.title, () => {
      it('rejects with the error of the query that found the connection killed', async () => {
        let failed: Error | undefined;

        const error = await rejectionOf(
          form.run(sequelize, async (t) => {
            await doInside(t, 'before');
            await kill(await idOf(t));
            failed = await rejectionOf(ledger.write('after', t));
            throw failed;
          }),
        );

        expect(error).to.equal(failed);
        expect(error).to.have.property('parent');
        await expectNothing();
      });

      it('rejects when that error is caught, and sends nothing more (D-231, D-232)', async () => {
        let failed: Error | undefined;

        const error = await rejectionOf(
          form.run(sequelize, async (t) => {
            await doInside(t, 'before');
            await kill(await idOf(t));
            failed = await rejectionOf(ledger.write('after', t));
            await rejectionOf(ledger.write('later', t));
          }),
        );

        if (form.title === 'atomic()') expect(error.cause).to.equal(failed);
        await expectNothing();
      });

      it('rejects when the connection is killed after the last query (D-231, D-267)', async () => {
        await rejectionOf(
          form.run(sequelize, async (t) => {
            await doInside(t, 'before');
            await kill(await idOf(t));
          }),
        );

        await expectNothing();
      });

      it('sends postRollback, though the server was never asked for a rollback (D-331)', async () => {
        const rollbacks: unknown[] = [];
        using _undo = postRollback.connect(({ error }) => rollbacks.push(error));

        const error = await rejectionOf(
          form.run(sequelize, async (t) => {
            await doInside(t, 'before');
            await kill(await idOf(t));
          }),
        );

        expect(rollbacks).to.deep.equal([error]);
      });

      it('rejects when the connection is lost before the server has the COMMIT', async () => {
        await rejectionOf(
          form.run(sequelize, async (t) => {
            await doInside(t, 'lost');
            proxy.cutAt('COMMIT');
          }),
        );

        await expectNothing();
      });

      it('rejects and runs no callback when the answer to COMMIT is lost, though the row may be stored (D-272)', async () => {
        await rejectionOf(
          form.run(sequelize, async (t) => {
            await doInside(t, 'stored');
            proxy.cutAt('COMMIT', 'answer');
          }),
        );

        await ledger.expectDone(['stored'], []);
      });

      it('keeps the error of the function when ROLLBACK finds the connection lost (D-221)', async () => {
        const error = await rejectionOf(
          form.run(sequelize, async (t) => {
            await doInside(t, 'lost');
            proxy.cutAt('ROLLBACK');
            throw new Error('of the function');
          }),
        );

        expect(error.message).to.equal('of the function');
        await expectNothing();
      });

      it('rejects when the connection is lost at BEGIN', async () => {
        proxy.cutAt('START TRANSACTION');

        const error = await rejectionOf(form.run(sequelize, (t) => doInside(t, 'never')));

        expect(error).to.have.property('parent');
        await expectNothing();
      });

      it('rejects or succeeds as a whole when the connection was killed in the pool', async () => {
        await kill(await idOf());

        const outcome = await form
          .run(sequelize, (t) => doInside(t, 'whole'))
          .then(() => ['whole'])
          .catch(() => []);

        await ledger.expectDone(
          outcome,
          outcome.flatMap((name) => [name, 'of Sequelize']),
        );
      });
    });
  }

  // Elsewhere the server ends the whole transaction with what loses a conflict.
  if (database.dialect === 'postgres') {
    it('at the answer to COMMIT is no reason to run a block again that had lost a conflict before', async () => {
      const losing = "DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$";
      let attempts = 0;

      const error = await rejectionOf(
        atomic({ retry: { times: 2 } }, async () => {
          attempts += 1;
          await rejectionOf(atomic(() => sequelize.query(losing)));
          await ledger.do(`attempt ${attempts}`);
          proxy.cutAt('COMMIT', 'answer');
        }),
      );

      expect(error).to.have.property('parent');
      await ledger.expectDone(['attempt 1'], []);
    });
  }

  it('keeps the error of what came before the first query, when it is lost at BEGIN', async () => {
    proxy.cutAt('START TRANSACTION');

    const error = await rejectionOf(
      atomic(() => ledger.entries.create({ name: null as unknown as string })),
    );

    expect(error.name).to.equal('SequelizeValidationError');
    await expectNothing();
  });

  it('is no failure of a block without a query, when it is lost at BEGIN', async () => {
    proxy.cutAt('START TRANSACTION');

    await atomic(async () => {
      await rejectionOf(ledger.entries.create({ name: null as unknown as string }));
    });

    await expectNothing();
  });

  for (const statement of ['START TRANSACTION', 'SAVEPOINT']) {
    it(`begins no transaction of a test when it is lost at ${statement}`, async () => {
      proxy.cutAt(statement);

      const error = await rejectionOf(testTransaction().begin());

      expect(error).to.have.property('parent');
      await expectNothing();
    });
  }

  const divides = ['SAVEPOINT', ...(database.leavesReleasesOut ? [] : ['RELEASE']), 'ROLLBACK TO'];
  for (const statement of divides) {
    it(`rejects the inner block and the outer one when it is lost at ${statement}`, async () => {
      let inner: Error | undefined;

      const error = await rejectionOf<Error>(
        atomic(async (t) => {
          await doInside(t, 'outer');
          proxy.cutAt(statement);
          inner = await rejectionOf(
            atomic(async (savepoint) => {
              await doInside(savepoint, 'inner');
              if (statement === 'ROLLBACK TO') throw new Error('of the function');
            }),
          );
          await rejectionOf(ledger.write('later'));
        }),
      );

      expect(inner).to.be.instanceOf(Error);
      expect(error.cause).to.equal(inner);
      if (statement === 'ROLLBACK TO') expect(inner?.message).to.equal('of the function');
      await expectNothing();
    });
  }

  it('rejects them too when it is lost at a SAVEPOINT that was sent ahead of the query', async () => {
    let inner: Error | undefined;

    const error = await rejectionOf<Error>(
      atomic(async () => {
        await ledger.do('outer');
        proxy.cutAt('SAVEPOINT');
        inner = await rejectionOf(atomic(() => ledger.do('inner')));
        await rejectionOf(ledger.write('later'));
      }),
    );

    expect(inner).to.have.property('parent');
    expect(error.cause).to.equal(inner);
    await expectNothing();
  });

  it('rejects a block that asked for its rollback, when it is lost at ROLLBACK TO', async () => {
    const error = await rejectionOf<Error>(
      atomic(async (t) => {
        await doInside(t, 'outer');
        proxy.cutAt('ROLLBACK TO');
        await rejectionOf(
          atomic(async (savepoint) => {
            await doInside(savepoint, 'inner');
            transaction.setRollback(true);
          }),
        );
      }),
    );

    expect(error.cause).to.have.property('parent');
    await expectNothing();
  });

  async function doInside(t: Transaction, name: string): Promise<void> {
    await ledger.write(name, t);
    await onCommit(ledger.callback(name), { transaction: t });
    t.afterCommit(ledger.callback('of Sequelize'));
  }

  function expectNothing(): Promise<void> {
    return ledger.expectDone([]);
  }

  /** As many transactions as the pool has connections, at once. */
  async function expectItServes(): Promise<void> {
    await ledger.clear();
    await Promise.all(['one', 'two'].map((name) => atomic(() => ledger.write(name))));
    expect(await ledger.rows()).to.have.members(['one', 'two']);
    expect(poolOf(sequelize)).to.deep.equal({ size: 2, using: 0, waiting: 0 });
  }

  /** The server's name for the connection of `t`, or of one in the pool. */
  async function idOf(t?: Transaction): Promise<number> {
    const sql =
      database.dialect === 'postgres'
        ? 'SELECT pg_backend_pid() AS id'
        : 'SELECT CONNECTION_ID() AS id';
    const [row] = await sequelize.query<{ id: number }>(sql, {
      transaction: t ?? null,
      type: QueryTypes.SELECT,
    });
    return (row as { id: number }).id;
  }

  async function kill(id: number): Promise<void> {
    if (database.dialect === 'postgres') {
      await direct.query(`SELECT pg_terminate_backend(${id}, 5000)`, { transaction: null });
    } else {
      await direct.query(`KILL ${id}`, { transaction: null });
    }
  }
});
