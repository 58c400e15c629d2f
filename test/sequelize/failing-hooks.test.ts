import { expect } from 'chai';
import type { Options, Sequelize } from 'sequelize';
import { atomic, type Connection, install, RolledBackError } from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { FORMS } from '../support/forms.js';
import { Ledger } from '../support/ledger.js';
import { captureLog } from '../support/logged.js';
import { expectIdlePool, expectNoSessionInTransaction } from '../support/pool.js';
import { DEADLOCK, refusal } from '../support/refusals.js';
import { rejectionOf } from '../support/rejection.js';

/** What of the application is called around each statement, and may throw. */
interface Around {
  readonly title: string;
  /** Has `check` called with the text of each statement. */
  options?(check: (sql: string) => void): Options;
  hook?: 'beforeQuery' | 'afterQuery';
}

const AROUND: readonly Around[] = [
  { title: 'a beforeQuery hook', hook: 'beforeQuery' },
  { title: 'an afterQuery hook', hook: 'afterQuery' },
  { title: 'a logging function', options: (check) => ({ logging: check }) },
  {
    title: 'a logging function with benchmark',
    options: (check) => ({ logging: check, benchmark: true }),
  },
];

/** The statements of a transaction with a savepoint in it that is kept, and one that is undone. */
const CONTROL: Readonly<Record<string, RegExp>> = {
  BEGIN: /(BEGIN|START TRANSACTION)\b/,
  SAVEPOINT: /[:,] SAVEPOINT|^SAVEPOINT/,
  RELEASE: /RELEASE SAVEPOINT/,
  'ROLLBACK TO': /ROLLBACK TO/,
  COMMIT: /COMMIT/,
};

describeOnEachDatabase('what the application does around a statement', (database) => {
  const logged = captureLog();
  const ofApplication = new Error('of the application');
  let sequelize: Sequelize;
  let connection: Connection | undefined;
  let ledger: Ledger;
  let failsAt: RegExp | undefined;

  afterEach(async () => {
    failsAt = undefined;
    expectIdlePool(sequelize);
    await expectNoSessionInTransaction(sequelize);
  });

  for (const around of AROUND) {
    describe(around.title, () => {
      before(async () => {
        const check = (sql: string): void => {
          if (failsAt?.test(sql)) throw ofApplication;
        };
        sequelize = database.connect(around.options?.(check));
        connection = install(sequelize);
        ledger = await Ledger.open(sequelize);
        if (around.hook === 'beforeQuery') {
          sequelize.addHook('beforeQuery', (options) => check(kindOf(options)));
        }
        if (around.hook === 'afterQuery') {
          sequelize.addHook('afterQuery', (_options, query) => check(textOf(query)));
        }
      });

      beforeEach(() => ledger.clear());
      after(() => connection?.uninstall());

      for (const [verb, text] of Object.entries(CONTROL)) {
        it(`changes no outcome when it throws at ${verb}, and its error is logged`, async () => {
          failsAt = text;

          await atomic(async () => {
            await ledger.do('outer');
            await atomic(() => ledger.do('kept'));
            await rejectionOf(
              atomic(async () => {
                await ledger.do('undone');
                throw new Error('of the function');
              }),
            );
          });
          failsAt = undefined;

          await ledger.expectDone(['outer', 'kept']);
          expect(logged()).not.to.have.length(0);
          expect(logged().every(([, error]) => error === ofApplication)).to.equal(true);
        });
      }

      for (const form of FORMS) {
        it(`rolls ${form.title} back when it throws at ROLLBACK, with the error of the function`, async () => {
          failsAt = /ROLLBACK/;

          const error = await rejectionOf(
            form.run(sequelize, async (t) => {
              await ledger.write('undone', t);
              throw new Error('of the function');
            }),
          );
          failsAt = undefined;

          expect(error.message).to.equal('of the function');
          await ledger.expectDone([]);
        });

        it(`changes no outcome of ${form.title} when it throws at COMMIT`, async () => {
          failsAt = /COMMIT/;

          await form.run(sequelize, async (t) => {
            await ledger.write('stored', t);
            t.afterCommit(ledger.callback('stored'));
          });
          failsAt = undefined;

          await ledger.expectDone(['stored']);
        });

        const deadlock = DEADLOCK[database.dialect];
        if (deadlock !== undefined && around.hook !== 'beforeQuery') {
          it(`does not hide from ${form.title} that the server has ended it`, async () => {
            failsAt = /refused/;

            const error = await rejectionOf(
              form.run(sequelize, async (t) => {
                await ledger.write('before', t);
                t.afterCommit(ledger.callback('before'));
                const sql = refusal(database.dialect, deadlock);
                await rejectionOf(sequelize.query(sql, { transaction: t }));
                await rejectionOf(ledger.write('after', t));
              }),
            );

            expect(error).to.be.instanceOf(RolledBackError);
            expect(error.cause).to.have.nested.property('parent.message').that.includes('refused');
            await ledger.expectDone([]);
          });
        }
      }

      it('has its error come out of a statement as it went in', async () => {
        failsAt = /INSERT/;

        const error = await rejectionOf(atomic(() => ledger.do('undone')));
        failsAt = undefined;

        expect(error).to.equal(ofApplication);
        await ledger.expectDone([]);
      });

      const sends = around.hook !== 'beforeQuery';
      it(`${sends ? 'breaks' : 'does not break'} the block when it throws at a statement`, async () => {
        const outcome = atomic(async () => {
          await ledger.write('first');
          failsAt = /INSERT/;
          await rejectionOf(ledger.write('second'));
          failsAt = undefined;
        });

        if (sends) expect((await rejectionOf(outcome)).cause).to.equal(ofApplication);
        else await outcome;
        await ledger.expectDone(sends ? [] : ['first'], []);
      });
    });
  }
});

/** A query does not know its text before it is sent; its options tell what kind it is. */
function kindOf(options: object): string {
  return 'completesTransaction' in options
    ? 'BEGIN, SAVEPOINT, RELEASE SAVEPOINT, ROLLBACK TO or COMMIT'
    : 'INSERT';
}

function textOf(query: unknown): string {
  return (query as { readonly sql?: string }).sql ?? '';
}
