import { expect } from 'chai';
import type { QueryOptions, Transaction } from 'sequelize';
import { atomic, transaction } from 'sequelize-signals';
import { testTransaction } from 'sequelize-signals/testing';
import { FORMS } from '../support/forms.js';
import { describeTransactions } from '../support/ledger.js';
import { rejectionOf } from '../support/rejection.js';

describeTransactions('a hook of queries', (bench) => {
  const HOOKS = ['beforeQuery', 'afterQuery'] as const;
  type Hook = (t: Transaction | undefined) => unknown;

  /** Runs `body` while `hook` runs at each statement, and not at those that it sends itself. */
  async function withHook(name: (typeof HOOKS)[number], hook: Hook, body: () => Promise<unknown>) {
    let isInside = false;
    const once = async (options: QueryOptions) => {
      if (isInside) return;
      isInside = true;
      try {
        await hook(options.transaction ?? undefined);
      } finally {
        isInside = false;
      }
    };
    bench.sequelize.addHook(name, 'of the test', once);
    try {
      await body();
    } finally {
      bench.sequelize.removeHook(name, 'of the test');
    }
  }

  for (const name of HOOKS) {
    for (const form of FORMS) {
      it(`may send a query at each statement of ${form.title}: ${name}`, async () => {
        let sent = 0;
        const queryInIt = async (t: Transaction | undefined) => {
          if (!t) return;
          sent += 1;
          await bench.sequelize.query('SELECT 1 AS one', { transaction: t, type: 'SELECT' });
        };

        await withHook(name, queryInIt, () =>
          form.run(bench.sequelize, (t) => bench.ledger.write('stored', t)),
        );

        expect(sent).to.equal(3);
        await bench.ledger.expectDone(['stored'], []);
      });
    }

    it(`may send a query at each statement of nested blocks, without a name: ${name}`, async () => {
      let sent = 0;
      const query = async (t: Transaction | undefined) => {
        if (!t) return;
        sent += 1;
        await bench.sequelize.query('SELECT 1 AS one', { type: 'SELECT' });
      };

      await withHook(name, query, () =>
        atomic(async () => {
          await atomic(() => bench.ledger.write('stored'));
          await rejectionOf(
            atomic(async () => {
              await bench.ledger.write('undone');
              throw new Error('inner');
            }),
          );
        }),
      );

      expect(sent).to.equal(9);
      await bench.ledger.expectDone(['stored'], []);
    });

    it(`may do so in the transaction of a test: ${name}`, async () => {
      const test = testTransaction();
      await test.begin();
      let sent = 0;
      const query = async () => {
        sent += 1;
        await bench.sequelize.query('SELECT 1 AS one', { type: 'SELECT' });
      };

      await withHook(name, query, () => atomic(() => atomic(() => bench.ledger.write('undone'))));
      await test.rollback();

      expect(sent).to.be.greaterThan(4);
      await bench.ledger.expectDone([]);
    });

    it(`cannot start a block while one begins or ends: ${name}`, async () => {
      const errors: Error[] = [];
      const nest = async (t: Transaction | undefined) => {
        if (t) errors.push(await rejectionOf(atomic({ transaction: t }, () => {})));
      };

      await withHook(name, nest, () => bench.sequelize.transaction(async () => {}));

      expect(errors).to.have.length(2);
      for (const error of errors) expect(error).to.include({ code: 'SIGNALS_TRANSACTION_MISUSED' });
    });
  }

  it('fails the block when it fails, as any query', async () => {
    const failAtBegin = async (t: Transaction | undefined) => {
      if (t) await bench.sequelize.query('SELECT nonsense', { transaction: t });
    };

    await withHook('beforeQuery', failAtBegin, async () => {
      const error = await rejectionOf(atomic(() => bench.ledger.write('never')));
      expect(error).to.include({ code: 'SIGNALS_TRANSACTION_BROKEN' });
      expect(error.cause).to.have.property('parent');
    });

    expect(transaction.inAtomicBlock()).to.equal(false);
    await bench.ledger.expectDone([]);
  });

  if (bench.database.dialect === 'postgres') {
    it('may set a variable for the rest of each transaction, as row level security has it', async () => {
      const setTenant = async (t: Transaction | undefined) => {
        if (!t) return;
        const sql = "SELECT set_config('app.tenant', 'acme', true)";
        await bench.sequelize.query(sql, { transaction: t, type: 'SELECT' });
      };
      let seen: unknown;

      await withHook('beforeQuery', setTenant, () =>
        atomic(async () => {
          await bench.ledger.write('stored');
          [seen] = await bench.sequelize.query("SELECT current_setting('app.tenant') AS tenant", {
            type: 'SELECT',
          });
        }),
      );

      expect(seen).to.deep.equal({ tenant: 'acme' });
    });
  }
});
