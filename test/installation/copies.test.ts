import { expect } from 'chai';
import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import {
  AliasTakenError,
  atomic,
  configure,
  connections,
  install,
  NotInstalledError,
  onCommit,
  postSave,
  receiver,
} from 'sequelize-signals';
import { fake } from 'sinon';
import { Copies, type Library } from '../support/copies.js';
import { describeOnEachDatabase } from '../support/databases.js';
import { rejectionOf } from '../support/rejection.js';
import { ROOT } from '../support/repository.js';

describeOnEachDatabase('two copies of the package', (database) => {
  const warn = fake();
  let copies: Copies;
  let folder: string;
  let other: Library;
  let sequelize: Sequelize;
  let Order: ModelStatic<Model>;

  before(() => {
    configure({ logger: { error: fake(), warn } });
    copies = new Copies();
    folder = copies.make();
    other = copies.load(folder);
    warn.resetHistory();
  });
  beforeEach(async () => {
    configure({ logger: { error: fake(), warn } });
    sequelize = database.connect();
    Order = sequelize.define('Order', { total: DataTypes.INTEGER }, { timestamps: false });
    await Order.sync({ force: true });
  });
  afterEach(() => {
    for (const connection of [...connections, ...other.connections]) connection.uninstall();
    configure({ logger: null });
    warn.resetHistory();
  });
  after(() => copies.remove());

  it('are warned of once, with both paths', () => {
    const third = copies.make();
    copies.load(third);
    copies.load(third);

    expect(warn.args).to.have.length(1);
    expect(warn.args[0]?.[0]).to.match(/^Two copies of sequelize-signals are loaded, from /);
    expect(warn.args[0]?.[0]).to.include(ROOT).and.to.include(third);
  });

  it('are not warned of where one is loaded again from the same file', () => {
    copies.load(folder);

    expect(warn.args).to.deep.equal([]);
  });

  it('do not install one instance both: the second is refused, and names both paths', async () => {
    const connection = install(sequelize);
    const attempt = (): unknown => other.install(sequelize, { using: 'other' });

    expect(attempt).to.throw(other.SignalsError, ROOT).with.property('code', 'SIGNALS_SECOND_COPY');
    expect(attempt).to.throw(folder);
    expect([...other.connections]).to.deep.equal([]);
    await connection.atomic(() => Order.create({ total: 1 }));
    expect(await Order.count()).to.equal(1);
  });

  it('do so one after another, and the second leaves nothing of the first', async () => {
    const heard: string[] = [];
    const undo = [
      postSave.connect(() => heard.push('first'), { sender: Order }),
      other.postSave.connect(() => heard.push('second'), { sender: Order }),
    ];

    install(sequelize).uninstall();
    const connection = other.install(sequelize);
    await connection.atomic(async () => {
      await Order.create({ total: 1 });
      await connection.onCommit(() => heard.push('committed'));
    });
    connection.uninstall();
    install(sequelize);
    await Order.create({ total: 2 });

    expect(heard).to.deep.equal(['second', 'committed', 'first']);
    for (const disconnect of undo) disconnect();
  });

  it('do so also when the first failed to install it', () => {
    install(database.connect());
    expect(() => install(sequelize)).to.throw(AliasTakenError);

    expect(other.install(sequelize).sequelize).to.equal(sequelize);
  });

  it('have an instance each', async () => {
    const second = database.connect();
    install(sequelize);
    other.install(second);
    const ran: string[] = [];

    await atomic(async () => {
      await Order.count();
      await onCommit(() => ran.push('first'));
      await other.atomic(() => other.onCommit(() => ran.push('second')));
      expect(ran).to.deep.equal(['second']);
    });

    expect(ran).to.deep.equal(['second', 'first']);
  });

  it('warn, once for an instance, of receivers that wait for models of the other copy', () => {
    const warned = fake();
    other.configure({ logger: { error: fake(), warn: warned } });
    install(sequelize);

    const undo = [
      other.postSave.connect(() => {}, { sender: Order }),
      other.preSave.connect(() => {}, { sender: Order }),
      postSave.connect(() => {}, { sender: Order }),
    ];

    expect(warned.args).to.have.length(1);
    expect(warned.args[0]?.[0])
      .to.match(/postSave was connected to the model "Order".*not called/)
      .and.to.include(ROOT)
      .and.to.include(folder);
    expect(warn.args).to.deep.equal([]);
    for (const disconnect of undo) disconnect();
  });

  it('warn of none that is installed by nobody yet', () => {
    const warned = fake();
    other.configure({ logger: { error: fake(), warn: warned } });

    const undo = other.postSave.connect(() => {}, { sender: Order });

    expect(warned.args).to.deep.equal([]);
    undo();
  });

  it('join the blocks of one another, which are undone together', async () => {
    install(sequelize);
    const callback = fake();
    const work = async (): Promise<void> => {
      await Order.create({ total: 1 });
      await other.atomic(async () => {
        await Order.create({ total: 2 });
        await other.onCommit(callback);
      });
      expect(other.transaction.inAtomicBlock()).to.equal(true);
    };

    const error = await rejectionOf(
      atomic(async () => {
        await work();
        throw new Error('of the function');
      }),
    );
    expect(error.message).to.equal('of the function');
    expect(callback.callCount).to.equal(0);
    expect(await Order.count()).to.equal(0);

    await atomic(work);
    expect(callback.callCount).to.equal(1);
    expect(await Order.count()).to.equal(2);
  });

  it('of two versions do not know the blocks of one another, and say so before anything is sent', async () => {
    const foreign = copies.load(copies.make('0.0.1'));
    install(sequelize);
    const callback = fake();

    const rejection = await rejectionOf(
      atomic(async () => {
        await Order.create({ total: 1 });
        await onCommit(callback);
        await foreign.atomic(() => Order.create({ total: 2 }));
      }),
    );

    expect(rejection).to.be.instanceOf(foreign.NotInstalledError);
    expect(rejection.message).to.include(ROOT).and.to.include(folder);
    expect(callback.callCount).to.equal(0);
    expect(await Order.count()).to.equal(0);
    const named = await rejectionOf(foreign.onCommit(() => {}, { using: sequelize }));
    expect(named.message).to.include(ROOT);
    expect(named).not.to.be.instanceOf(NotInstalledError);
  });

  it('do not take the signals of one another, and say why', () => {
    const calls: (() => unknown)[] = [
      () => receiver(other.postSave as never),
      () => receiver([other.postSave] as never),
      () => other.muteSignals(postSave as never),
      () => other.recordSignal(postSave as never),
    ];

    for (const call of calls) expect(call).to.throw(folder);
    expect(() => receiver('postSave' as never)).to.throw(/not 'postSave'\.$/);
  });
});
