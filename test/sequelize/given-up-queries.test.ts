import { expect } from 'chai';
import { QueryTypes, type Sequelize, type Transaction } from 'sequelize';
import { atomic, type Connection, install, RolledBackError, transaction } from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { deferred } from '../support/deferred.js';
import { FORMS } from '../support/forms.js';
import { Ledger } from '../support/ledger.js';
import { expectIdlePool } from '../support/pool.js';
import { rejectionOf } from '../support/rejection.js';
import { Statements } from '../support/statements.js';

/** Gives a statement up at once, and the server goes on with it. */
const IMPATIENT = { max: 1, timeout: 1 };

describeOnEachDatabase('a query that the client gives up', (database) => {
  /** Waits for a lock. No statement of SQLite waits for another transaction, and this one is slow. */
  const BET =
    database.dialect === 'sqlite'
      ? `UPDATE stakes SET bets = (WITH RECURSIVE numbers (n) AS
          (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT 300000) SELECT COUNT(*) FROM numbers)`
      : 'UPDATE stakes SET bets = bets + 1';
  const statements = new Statements();
  let sequelize: Sequelize;
  let connection: Connection | undefined;
  let ledger: Ledger;

  before(async () => {
    sequelize = database.connect({ logging: statements.log, pool: { max: 2 } });
    connection = install(sequelize);
    ledger = await Ledger.open(sequelize);
    await sequelize.query('CREATE TABLE stakes (id INTEGER PRIMARY KEY, bets INTEGER)');
  });
  beforeEach(async () => {
    await ledger.clear();
    await sequelize.query('DELETE FROM stakes');
    await sequelize.query('INSERT INTO stakes VALUES (0, 0)');
    statements.clear();
  });
  afterEach(() => expectIdlePool(sequelize));
  after(() => connection?.uninstall());

  for (const form of FORMS) {
    describe(`in ${form.title}`, () => {
      it('lets nothing more be sent, and undoes what the server does after all', async () => {
        const givenUp: Error[] = [];
        const error = await rejectionOf(
          whileLocked((unlock) =>
            form.run(sequelize, async (t) => {
              await ledger.write('first', t);
              givenUp.push(await rejectionOf(bet(t)));
              givenUp.push(await rejectionOf(ledger.write('last', t)));
              unlock();
            }),
          ),
        );

        expect(givenUp[0]).to.have.property('name', 'TimeoutError');
        expect(givenUp[1]).to.include({
          code: 'SIGNALS_TRANSACTION_BROKEN',
          cause: givenUp[0],
        });
        expect(error).to.be.instanceOf(RolledBackError);
        expect(error.cause).to.equal(givenUp[0]);
        await expectBets(0);
        await ledger.expectDone([]);
      });

      it('is undone with the nested block that gave it up', async () => {
        await whileLocked((unlock) =>
          form.run(sequelize, async (t) => {
            await ledger.write('outer', t);
            await rejectionOf(
              atomic({ transaction: t }, async (savepoint) => {
                await rejectionOf(bet(savepoint));
                unlock();
              }),
            );
            await ledger.write('after it', t);
          }),
        );

        await expectBets(0);
        await ledger.expectDone(['outer', 'after it'], []);
      });

      it('is not sent by a hook that lets it go too late', async () => {
        const held = deferred();
        const isOver = deferred();
        let holds = false;
        sequelize.addHook('beforeQuery', 'hold', async () => {
          if (!holds) return;
          holds = false;
          await held.promise;
          isOver.resolve();
        });

        await form.run(sequelize, async (t) => {
          await ledger.write('stored', t);
          holds = true;
          await rejectionOf(bet(t));
        });
        held.resolve();
        await isOver.promise;
        sequelize.removeHook('beforeQuery', 'hold');

        await ledger.expectDone(['stored'], []);
        await expectBets(0);
        expect(statements.all.join('\n')).not.to.include('UPDATE stakes');
      });
    });
  }

  if (database.dialect === 'postgres') {
    for (const form of FORMS) {
      it(`breaks ${form.title} by the query_timeout of pg as well`, async () => {
        const hasty = database.connect({ dialectOptions: { query_timeout: 200 } });
        using _connection = installed(hasty);

        const error = await rejectionOf(
          whileLocked((unlock) =>
            form.run(hasty, async (t) => {
              await hasty.query("INSERT INTO entries (name) VALUES ('first')", { transaction: t });
              await rejectionOf(hasty.query(BET, { transaction: t }));
              unlock();
            }),
          ),
        );

        expect(error.cause).to.have.nested.property('parent.message', 'Query read timeout');
        await expectBets(0);
        await ledger.expectDone([]);
      });
    }
  }

  function bet(t: Transaction): Promise<unknown> {
    return sequelize.query(BET, { transaction: t, retry: IMPATIENT });
  }

  /** Runs `body` while another transaction has locked the stakes, until it calls `unlock`. */
  async function whileLocked(body: (unlock: () => void) => Promise<unknown>): Promise<void> {
    if (database.dialect === 'sqlite') {
      await body(() => {});
      return;
    }
    const unlocked = deferred();
    const locked = deferred();
    const holder = atomic(async () => {
      await sequelize.query('SELECT * FROM stakes FOR UPDATE', { type: QueryTypes.SELECT });
      locked.resolve();
      await unlocked.promise;
    });
    await locked.promise;
    try {
      await transaction.outside(() => body(() => unlocked.resolve()));
    } finally {
      unlocked.resolve();
      await holder;
    }
  }

  async function expectBets(expected: number): Promise<void> {
    const rows = await sequelize.query('SELECT bets FROM stakes', { type: QueryTypes.SELECT });
    expect(rows).to.deep.equal([{ bets: expected }]);
  }

  function installed(other: Sequelize): Disposable {
    const second = install(other, { using: 'hasty' });
    return { [Symbol.dispose]: () => second.uninstall() };
  }
});
