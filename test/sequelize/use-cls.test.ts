import { expect } from 'chai';
import type { Sequelize } from 'sequelize';
import {
  atomic,
  type Connection,
  InvalidArgumentError,
  install,
  onCommit,
  postDelete,
  postSave,
  transaction,
} from 'sequelize-signals';
import { describeInEachContext } from '../support/contexts.js';
import { describeOnEachDatabase } from '../support/databases.js';
import { Ledger } from '../support/ledger.js';
import { expectIdlePool } from '../support/pool.js';
import { rejectionOf } from '../support/rejection.js';

describeOnEachDatabase('install(sequelize, { useCLS: false })', (database) => {
  let connection: Connection;
  let sequelize: Sequelize;
  let ledger: Ledger;

  before(async () => {
    sequelize = database.connect();
    connection = install(sequelize, { useCLS: false });
    ledger = await Ledger.open(sequelize);
  });
  beforeEach(() => ledger.clear());
  afterEach(() => expectIdlePool(sequelize));
  after(() => connection.uninstall());

  describe('inside sequelize.transaction(callback)', () => {
    if (!database.hasOneConnection) {
      it('leaves a query outside that names no transaction: it survives the rollback', async () => {
        await rejectionOf(
          sequelize.transaction(async (t) => {
            await ledger.write('audited');
            await sequelize.query("UPDATE entries SET name = 'audited twice'");
            await ledger.write('undone', t);
            throw new Error('rolled back');
          }),
        );

        await ledger.expectDone(['audited twice'], []);
      });

      it('keeps a query that fails outside from breaking the transaction', async () => {
        await ledger.write('there');

        await sequelize.transaction(async (t) => {
          await rejectionOf(ledger.write('there'));
          await ledger.write('stored', t);
        });

        await ledger.expectDone(['there', 'stored'], []);
      });

      it('leaves a deletion outside, with its receivers', async () => {
        const seen: unknown[] = [];
        using _receiver = postDelete.connect(
          async ({ transaction: t }) => {
            seen.push(transaction.current() === t);
            await onCommit(ledger.callback('deleted'));
          },
          { sender: ledger.entries },
        );
        const entry = await ledger.entries.create({ name: 'there' });

        await rejectionOf(
          sequelize.transaction(async () => {
            await entry.destroy();
            expect(ledger.called).to.deep.equal(['deleted']);
            throw new Error('rolled back');
          }),
        );

        expect(seen).to.deep.equal([true]);
        await ledger.expectDone([], ['deleted']);
      });
    }

    it('runs a deletion that names no transaction, on one connection as well', async () => {
      using _receiver = postDelete.connect(() => {}, { sender: ledger.entries });
      const entry = await ledger.entries.create({ name: 'there' });

      await sequelize.transaction(async () => {
        await entry.destroy();
        await ledger.entries.destroy({ where: { name: 'there' } });
        await ledger.entries.findOrCreate({ where: { name: 'found' } });
      });

      await ledger.expectDone(['found'], []);
    });

    it('leaves the hooks of the application without a transaction', async () => {
      const seen: unknown[] = [];
      ledger.entries.addHook('beforeCreate', 'look', (_entry, options) => {
        seen.push(options.transaction);
      });

      await sequelize.transaction(() => ledger.write('stored'));
      ledger.entries.removeHook('beforeCreate', 'look');

      expect(seen).to.deep.equal([undefined]);
    });

    it('stores work that outlives the transaction and does not name it', async () => {
      let late = async (): Promise<void> => {};
      await sequelize.transaction(async () => {
        late = async () => ledger.write('late');
      });

      await sequelize.transaction(async () => {}).then(late);

      await ledger.expectDone(['late'], []);
    });

    it('takes the queries that name it, also in its receivers', async () => {
      using _receiver = postSave.connect(
        async ({ instance, transaction: t }) => {
          const { name } = instance;
          if (name !== 'named') return;
          expect(transaction.current()).to.equal(t);
          await ledger.write('of the receiver');
          await onCommit(ledger.callback('of the receiver'));
        },
        { sender: ledger.entries },
      );

      await rejectionOf(
        sequelize.transaction(async (t) => {
          await ledger.write('named', t);
          expect(ledger.called).to.deep.equal([]);
          throw new Error('rolled back');
        }),
      );

      await ledger.expectDone([], []);
    });

    it('runs the receivers of what names no transaction outside of any', async () => {
      using _receiver = postSave.connect(
        async ({ transaction: t }) => {
          expect([t, transaction.current()]).to.deep.equal([undefined, undefined]);
          await onCommit(ledger.callback('at once'));
        },
        { sender: ledger.entries },
      );

      await rejectionOf(
        sequelize.transaction(async () => {
          await ledger.write('outside');
          throw new Error('rolled back');
        }),
      );

      expect(ledger.called).to.deep.equal(['at once']);
    });

    it('is joined by onCommit(), and by atomic() with all of its queries', async () => {
      await sequelize.transaction(async (t) => {
        expect(transaction.current()).to.equal(t);
        await onCommit(ledger.callback('joined'));
        await atomic(() => ledger.do('nested'));
        expect(ledger.called).to.deep.equal([]);
      });
      await rejectionOf(
        sequelize.transaction(async () => {
          await onCommit(ledger.callback('dropped'));
          await atomic(() => ledger.do('undone'));
          throw new Error('rolled back');
        }),
      );

      await ledger.expectDone(['nested'], ['joined', 'nested']);
    });
  });

  describe('inside atomic()', () => {
    it('lets queries join', async () => {
      await rejectionOf(
        atomic(async () => {
          await ledger.do('undone');
          throw new Error('rolled back');
        }),
      );

      await ledger.expectDone([]);
    });

    it('lets those of sequelize.transaction({ transaction }, callback) join the innermost level', async () => {
      await atomic(async (t) => {
        await rejectionOf(
          sequelize.transaction({ transaction: t }, async () => {
            await ledger.write('undone');
            throw new Error('inner');
          }),
        );
        await ledger.write('stored');
      });

      await ledger.expectDone(['stored'], []);
    });

    if (database.dialect !== 'sqlite') {
      it('lets those of a transaction beside it join the block', async () => {
        await rejectionOf(
          atomic(async () => {
            await sequelize.transaction(async (beside) => {
              await ledger.write('of the block');
              await ledger.write('beside', beside);
            });
            throw new Error('rolled back');
          }),
        );

        await ledger.expectDone(['beside'], []);
      });
    }
  });

  it('is one choice for an instance', () => {
    expect(install(sequelize)).to.equal(connection);
    expect(install(sequelize, { useCLS: false })).to.equal(connection);
    expect(() => install(sequelize, { useCLS: true })).to.throw(InvalidArgumentError, 'useCLS');
    expect(() => install(sequelize, { useCLS: 'no' as never })).to.throw(InvalidArgumentError);
  });
});

describeOnEachDatabase('install(sequelize, { useCLS: false })', (database) => {
  describeInEachContext('in an application', (context) => {
    if (context.useCLS === 'never') return;

    it('leaves the choice to Sequelize.useCLS, where that was called', async () => {
      const sequelize = database.connect();
      context.install(sequelize, { useCLS: false });
      const ledger = await Ledger.open(sequelize);

      await rejectionOf(
        sequelize.transaction(async () => {
          await ledger.do('undone');
          throw new Error('rolled back');
        }),
      );

      await ledger.expectDone([]);
    });
  });
});
