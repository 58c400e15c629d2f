import { expect } from 'chai';
import { type Options, Sequelize, Transaction } from 'sequelize';
import {
  AliasTakenError,
  atomic,
  connectionCreated,
  connections,
  InvalidArgumentError,
  install,
  NotInstalledError,
  onCommit,
  postSave,
  SignalsError,
  transaction,
  unresolvedSenders,
} from 'sequelize-signals';
import { fake } from 'sinon';
import { describeOnEachDatabase } from '../support/databases.js';
import { describeTransactions, Ledger } from '../support/ledger.js';
import { rejectionOf } from '../support/rejection.js';

/** The options of an instance, which Sequelize's types do not show. */
function optionsOf(sequelize: Sequelize): Options {
  return (sequelize as unknown as { readonly options: Options }).options;
}

describeOnEachDatabase('install()', (database) => {
  afterEach(() => {
    for (const connection of [...connections]) connection.uninstall();
  });

  it('returns a connection with the alias, the instance and the functions', () => {
    const sequelize = database.connect();

    const connection = install(sequelize, { using: 'shop' });

    expect(connection.alias).to.equal('shop');
    expect(connection.sequelize).to.equal(sequelize);
    expect(connections.get('shop')).to.equal(connection);
    expect(connections.get(sequelize)).to.equal(connection);
    expect(connections.get()).to.equal(undefined);
  });

  it('takes the alias "default" where none is given', () => {
    const connection = install(database.connect());

    expect(connection.alias).to.equal('default');
    expect(connections.get()).to.equal(connection);
  });

  it('returns the same connection for the same instance', () => {
    const sequelize = database.connect();
    const connection = install(sequelize, { using: 'shop' });

    expect(install(sequelize)).to.equal(connection);
    expect(install(sequelize, { using: 'shop' })).to.equal(connection);
    expect([...connections]).to.deep.equal([connection]);
  });

  it('refuses an alias that is taken, and another one for the same instance', () => {
    const sequelize = database.connect();
    install(sequelize);

    expect(() => install(database.connect())).to.throw(
      AliasTakenError,
      /"default".*\{ using: 'other' \}.*uninstall\(\)/,
    );
    expect(() => install(sequelize, { using: 'other' })).to.throw(AliasTakenError, '"default"');
    expect([...connections]).to.have.length(1);
  });

  it('refuses what is no Sequelize, and options that are none', () => {
    const wrong = install as (...parameters: unknown[]) => unknown;
    for (const instance of [undefined, null, {}, 'sqlite::memory:', Sequelize]) {
      expect(() => wrong(instance), String(instance)).to.throw(InvalidArgumentError);
    }
    for (const options of [{ using: '' }, { using: 7 }, 'alias', null]) {
      expect(() => wrong(database.connect(), options), String(options)).to.throw(
        InvalidArgumentError,
      );
    }
    expect([...connections]).to.deep.equal([]);
  });

  it('can be undone and done again, and each time the queries find their way', async () => {
    const sequelize = database.connect();
    const ledger = await Ledger.open(sequelize);

    for (const name of ['first', 'second']) {
      const connection = install(sequelize);
      await rejectionOf(
        atomic(async () => {
          await ledger.write('undone');
          throw new Error('rolled back');
        }),
      );
      await atomic(() => ledger.do(name));
      connection.uninstall();
    }

    await ledger.expectDone(['first', 'second']);
  });

  it('leaves nothing of its own on the instance when it is undone', async () => {
    const sequelize = database.connect();
    const before = Object.getOwnPropertyNames(sequelize);

    install(sequelize).uninstall();

    expect(Object.getOwnPropertyNames(sequelize)).to.deep.equal(before);
    expect(sequelize.constructor).to.equal(Sequelize);
    expect(sequelize.query).to.equal(Sequelize.prototype.query);
    expect(await rejectionOf(atomic(() => {}))).to.be.instanceOf(NotInstalledError);
  });

  it('gives back what somebody else had put in place of the methods', async () => {
    const sequelize = database.connect();
    const seen: unknown[] = [];
    const traced = async (...parameters: Parameters<Sequelize['query']>) => {
      seen.push(parameters[0]);
      return await Sequelize.prototype.query.apply(sequelize, parameters);
    };
    Object.assign(sequelize, { query: traced });

    const connection = install(sequelize);
    await atomic(() => sequelize.query('SELECT 1 AS one', { type: 'SELECT' }));
    connection.uninstall();

    expect(seen).to.include('SELECT 1 AS one');
    expect(sequelize.query).to.equal(traced);
  });

  it('keeps what the instance is: models, instanceof, and the class that it was made by', () => {
    class Shop extends Sequelize {}
    const sequelize = database.connect();
    Object.setPrototypeOf(sequelize, Shop.prototype);

    install(sequelize);

    expect(sequelize).to.be.instanceOf(Shop);
    expect(sequelize).to.be.instanceOf(Sequelize);
    expect(sequelize.constructor.name).to.equal('Shop');
    expect(sequelize.constructor).to.have.property('useCLS', Sequelize.useCLS);
  });

  it('leaves the constructor of the instance what it is: made of it and extended, it makes instances', () => {
    class Shop extends Sequelize {
      static readonly motto = 'open';
    }
    const sequelize = database.connect();
    Object.setPrototypeOf(sequelize, Shop.prototype);
    install(sequelize);
    const Constructor = sequelize.constructor as typeof Shop;
    class Branch extends Constructor {}

    Object.assign(Constructor, { address: 'here' });
    const made = new Constructor(optionsOf(sequelize));
    const branch = new Branch(optionsOf(sequelize));

    expect(Shop).to.have.property('address', 'here');
    expect(Constructor.motto).to.equal('open');
    expect(made).to.be.instanceOf(Shop).and.instanceOf(Constructor);
    expect(made.constructor).to.equal(Shop);
    expect(branch).to.be.instanceOf(Branch).and.instanceOf(Shop);
    expect(branch.constructor).to.equal(Branch);
  });

  it('shares no transaction with an instance of a class that extends its constructor', async () => {
    const sequelize = database.connect();
    install(sequelize);
    class Branch extends (sequelize.constructor as typeof Sequelize) {}
    const branch = database.connect();
    Object.setPrototypeOf(branch, Branch.prototype);
    const ledger = await Ledger.open(branch);

    const seen = new Set<unknown>();
    ledger.entries.addHook('beforeCount', (options) => {
      seen.add((options as { transaction?: unknown }).transaction);
    });
    await atomic(() => ledger.entries.count());

    expect([...seen]).to.deep.equal([undefined]);
  });

  it('lets the options of an installed instance be copied', async () => {
    const sequelize = database.connect();
    install(sequelize);
    await sequelize.authenticate();

    const copy = database.connect({ ...optionsOf(sequelize) });
    install(copy, { using: 'copy' });
    const created: string[] = [];
    using _receiver = connectionCreated.connect(({ using: alias }) => {
      created.push(alias);
    });
    await copy.authenticate();

    expect(new Set(created)).to.deep.equal(new Set(['copy']));
  });

  it('leaves nothing behind when it fails half-way', async () => {
    const sequelize = database.connect();
    const before = Object.getOwnPropertyNames(sequelize);
    const first = sequelize.define('first', {});
    const queryOfFirst = Object.getOwnPropertyNames(first);
    Object.freeze(sequelize.define('second', {}).prototype);

    expect(() => install(sequelize)).to.throw(TypeError, 'object is not extensible');

    expect([...connections]).to.deep.equal([]);
    expect(Object.getOwnPropertyNames(sequelize)).to.deep.equal(before);
    expect(Object.getOwnPropertyNames(first)).to.deep.equal(queryOfFirst);
    expect(sequelize.query).to.equal(Sequelize.prototype.query);
    using _waiting = postSave.connect(() => {}, { sender: 'first' });
    expect(unresolvedSenders().map(({ name }) => name)).to.include('first');
    expect(install(database.connect()).alias).to.equal('default');
  });

  it('refuses an instance that is frozen, and leaves it as it is', () => {
    const sequelize = Object.freeze(database.connect());

    expect(() => install(sequelize)).to.throw(TypeError);

    expect([...connections]).to.deep.equal([]);
  });

  it('makes a connection that works as long as it is not undone, and no longer', async () => {
    const sequelize = database.connect();
    const { atomic: ownAtomic, onCommit: ownOnCommit, defer: ownDefer, uninstall } = bound();
    function bound() {
      const connection = install(sequelize);
      return { ...connection, uninstall: () => connection.uninstall() };
    }
    const body = fake();
    uninstall();

    for (const attempt of [() => ownAtomic(body), () => ownOnCommit(body), () => ownDefer(body)]) {
      expect(await rejectionOf(attempt)).to.be.instanceOf(NotInstalledError);
    }
    expect(body.callCount).to.equal(0);
  });

  it('is undone once: the next one is left alone', async () => {
    const sequelize = database.connect();
    const ledger = await Ledger.open(sequelize);
    const first = install(sequelize);
    first.uninstall();
    const second = install(sequelize);

    first.uninstall();

    expect(connections.get()).to.equal(second);
    await rejectionOf(
      atomic(async () => {
        await ledger.do('undone');
        throw new Error('rolled back');
      }),
    );
    await ledger.expectDone([]);
  });

  it('is refused to be undone while a transaction is open', async () => {
    const sequelize = database.connect();
    const connection = install(sequelize);

    await atomic(function busy() {
      expect(() => connection.uninstall()).to.throw(SignalsError, '"busy"');
    });
    const unmanaged = await sequelize.transaction();
    expect(() => connection.uninstall())
      .to.throw(SignalsError)
      .with.property('code', 'SIGNALS_IN_USE');
    await unmanaged.rollback();

    connection.uninstall();
    expect([...connections]).to.deep.equal([]);
  });

  it('may be undone by a callback of the last transaction', async () => {
    const connection = install(database.connect());

    await atomic(() => onCommit(() => connection.uninstall()));

    expect([...connections]).to.deep.equal([]);
  });

  it('leaves a transaction alone that had begun before', async () => {
    const sequelize = database.connect();
    const ledger = await Ledger.open(sequelize);
    const older = await sequelize.transaction();
    await ledger.write('before', older);

    install(sequelize);
    await ledger.write('after', older);
    const refused = await rejectionOf(onCommit(() => {}, { transaction: older }));
    const nested = await rejectionOf(atomic({ transaction: older }, () => {}));
    await older.commit();

    expect(refused).to.include({ code: 'SIGNALS_TRANSACTION_FOREIGN' });
    expect(nested).to.include({ code: 'SIGNALS_TRANSACTION_FOREIGN' });
    await ledger.expectDone(['before', 'after'], []);
  });

  it('does not mind a second instance on the same database that is not installed', async () => {
    const sequelize = database.connect();
    const ledger = await Ledger.open(sequelize);
    install(sequelize);
    const plain = database.connect();

    await atomic(async (t) => {
      await ledger.write('stored');
      const error = await rejectionOf(
        ledger.write('never', { sequelize: plain } as unknown as Transaction),
      );
      expect(error).to.include({ code: 'SIGNALS_TRANSACTION_FOREIGN' });
      expect(t).to.be.instanceOf(Transaction);
    });

    await ledger.expectDone(['stored'], []);
  });
});

describeTransactions('several databases', (bench) => {
  async function second() {
    const connection = bench.context.install(bench.database.connect(), { using: 'second' });
    return { connection, ledger: await Ledger.join(connection.sequelize) };
  }

  it('are found by alias or instance, in the order of their installation', async () => {
    const { connection } = await second();

    expect([...connections].map(({ alias }) => alias)).to.deep.equal(['default', 'second']);
    for (const using of ['second', connection.sequelize]) {
      await atomic({ using }, () => {
        expect(connection.inAtomicBlock()).to.equal(true);
        expect(transaction.inAtomicBlock({ using })).to.equal(true);
        expect(transaction.inAtomicBlock()).to.equal(false);
      });
    }

    connection.uninstall();
  });

  it('have blocks that are independent of each other (D-236)', async () => {
    const { connection, ledger } = await second();

    await rejectionOf(
      atomic(async () => {
        await connection.atomic(() => ledger.do('of the second'));
        await bench.ledger.do('of the first');
        throw new Error('first');
      }),
    );
    await ledger.expectDone(['of the second']);
    await atomic(async () => {
      await bench.ledger.entries.count();
      await rejectionOf(
        connection.atomic(async () => {
          await onCommit(ledger.callback('never'), { using: 'second' });
          throw new Error('second');
        }),
      );
    });

    expect(bench.ledger.called).to.deep.equal([]);
    expect(ledger.called).to.deep.equal(['of the second']);
    await ledger.clear();
    connection.uninstall();
  });

  it('nest in their own block only, through blocks of the other one', async () => {
    const { connection, ledger } = await second();

    await atomic(async (first) => {
      await connection.atomic(async (other) => {
        await atomic(async (inner) => {
          expect(transaction.current()).to.equal(inner);
          expect(transaction.current({ using: 'second' })).to.equal(other);
          expect((inner as unknown as { id: string }).id).to.equal(
            (first as unknown as { id: string }).id,
          );
          await bench.ledger.do('inner');
        });
        expect(transaction.current()).to.equal(first);
        expect(await ledger.entries.count()).to.equal(0);
      });
    });

    await bench.ledger.expectDone(['inner']);
    connection.uninstall();
  });

  it('send the queries of models and of raw SQL to their own database (S11)', async () => {
    const { connection, ledger } = await second();
    const count = 'SELECT COUNT(*) AS n FROM entries';

    await atomic(async () => {
      await bench.ledger.write('of the first');
      const own = await bench.sequelize.query(count, { type: 'SELECT', plain: true });
      const other = await connection.sequelize.query(count, { type: 'SELECT', plain: true });
      expect(Number((own as unknown as { n: unknown }).n)).to.equal(1);
      expect(Number((other as unknown as { n: unknown }).n)).to.equal(0);
      expect(await ledger.entries.count()).to.equal(0);
    });

    connection.uninstall();
  });

  it('refuse a name that is none, and an instance that is not installed', async () => {
    const plain = bench.database.connect();

    expect(() => transaction.current({ using: 'nowhere' })).to.throw(NotInstalledError, 'nowhere');
    expect(() => transaction.current({ using: plain })).to.throw(NotInstalledError, 'install(');
    expect(() => transaction.current({ using: 7 as never })).to.throw(InvalidArgumentError);
    const error = await rejectionOf(bench.ledger.write('never', 'default' as never));
    expect(error).to.be.instanceOf(InvalidArgumentError);
  });

  it('refuse a transaction of each other', async () => {
    const { connection, ledger } = await second();

    await atomic(async (first) => {
      for (const attempt of [
        () => ledger.write('never', first),
        () => connection.atomic({ transaction: first }, () => {}),
        () => connection.onCommit(() => {}, { transaction: first }),
        () => connection.sequelize.transaction({ transaction: first }, async () => {}),
      ]) {
        expect(await rejectionOf(attempt)).to.include({ code: 'SIGNALS_TRANSACTION_FOREIGN' });
      }
    });

    expect(await bench.ledger.rows()).to.deep.equal([]);
    connection.uninstall();
  });

  it('have connections whose functions refuse to work on another database', async () => {
    const { connection } = await second();
    const { atomic: ownAtomic, onCommit: ownOnCommit } = connection;

    await ownAtomic({ using: 'second' }, async () => {
      expect(connection.inAtomicBlock()).to.equal(true);
      await ownOnCommit(bench.ledger.callback('called'));
    });
    const error = await rejectionOf(ownAtomic({ using: 'default' }, () => {}));

    expect(error).to.be.instanceOf(InvalidArgumentError);
    expect(bench.ledger.called).to.deep.equal(['called']);
    connection.uninstall();
  });
});
