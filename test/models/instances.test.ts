import { expect } from 'chai';
import { DataTypes, Model, type ModelStatic, type Sequelize } from 'sequelize';
import {
  atomic,
  type Connection,
  install,
  onCommit,
  postDelete,
  postSave,
  preSave,
  transaction,
} from 'sequelize-signals';
import { failCommit, falseCommit } from 'sequelize-signals/testing';
import { describeOnEachDatabase } from '../support/databases.js';
import { rejectionOf } from '../support/rejection.js';

class Order extends Model {
  declare id: number | null;
  declare name: string;
  declare total: number;
  declare CustomerId: number | null;
  declare version: number;
  declare createdAt: Date | undefined;
  declare updatedAt: Date | undefined;
  declare deletedAt: Date | null | undefined;
}
class Customer extends Model {
  declare id: number | null;
  declare name: string;
}
class Tag extends Model {
  declare id: number | null;
  declare name: string;
}

function defineModels(sequelize: Sequelize): void {
  const name = { type: DataTypes.STRING, unique: true };
  Order.init(
    { name, total: { type: DataTypes.INTEGER, defaultValue: 0 } },
    { sequelize, modelName: 'Order', version: true, paranoid: true },
  );
  Customer.init({ name }, { sequelize, modelName: 'Customer', timestamps: false });
  Tag.init({ name }, { sequelize, modelName: 'Tag', timestamps: false });
  Order.belongsTo(Customer);
}

type Models = Record<'Shop' | 'Item' | 'Owner', ModelStatic<Model>>;

interface Shop extends Model {
  createItem(): Promise<Model>;
  createLabel(): Promise<Model>;
}

/** Sequelize gives a class the methods of its relations once, so these are made anew for each database. */
function defineRelations(sequelize: Sequelize): void {
  const shops = sequelize.define('Shop', {});
  shops.hasMany(sequelize.define('Item', {}));
  shops.belongsTo(sequelize.define('Owner', {}));
  shops.belongsToMany(sequelize.define('Label', {}), { through: 'ShopLabels' });
}

/** All that an instance says of itself. */
function stateOf(instance: Model): object {
  return {
    values: { ...instance.get() },
    previous: { ...instance.previous() },
    changed: instance.changed(),
    isNewRecord: instance.isNewRecord,
  };
}

class Undone extends Error {}

/** Something that happens when the test says so. */
class Moment {
  happen: () => void = () => {};
  readonly happened: Promise<void> = new Promise((resolve) => {
    this.happen = resolve;
  });
}

/** Runs `body` in a block that is then rolled back. */
async function undone(body: () => Promise<unknown>): Promise<void> {
  const error = await rejectionOf(
    atomic(async () => {
      await body();
      throw new Undone();
    }),
  );
  expect(error).to.be.instanceOf(Undone);
}

describeOnEachDatabase('an instance after a rollback', (database) => {
  let sequelize: Sequelize;
  let connection: Connection;
  let undo: (() => unknown)[] = [];

  before(async () => {
    sequelize = database.connect();
    connection = install(sequelize);
    defineModels(sequelize);
    defineRelations(sequelize);
    await sequelize.sync({ force: true });
  });
  beforeEach(async () => {
    await Order.destroy({ where: {}, force: true });
    await Customer.destroy({ where: {} });
    await Tag.destroy({ where: {} });
  });
  afterEach(() => {
    for (const disconnect of undo) disconnect();
    undo = [];
  });
  after(() => connection.uninstall());

  const build = () => Order.build({ name: 'new' });
  const create = (name = 'stored') => Order.create({ name });

  /** Expects that an undone block leaves `instance` as it was before. */
  async function expectUnchanged(instance: Model, body: () => Promise<unknown>): Promise<void> {
    const before = stateOf(instance);

    await undone(body);

    expect(stateOf(instance)).to.deep.equal(before);
  }

  describe('of a block', () => {
    it('is new again when it was new', async () => {
      const order = build();

      await expectUnchanged(order, () => order.save());

      expect(order.isNewRecord).to.equal(true);
      expect(order.id).to.equal(null);
    });

    it('has what it had to save', async () => {
      const order = await create();
      order.name = 'changed';

      await expectUnchanged(order, () => order.save());

      expect(order.changed()).to.deep.equal(['name']);
      expect(order.previous('name')).to.equal('stored');
    });

    it('is as it was before the first of several saves', async () => {
      const order = await create();

      await undone(async () => {
        for (const name of ['first', 'second']) await order.update({ name });
      });

      expect(order.name).to.equal('stored');
      expect(order.changed()).to.equal(false);
    });

    it('is as it was before update()', async () => {
      const order = await create();

      await expectUnchanged(order, () => order.update({ name: 'changed', total: 7 }));
    });

    it('has its version, and can be saved', async () => {
      const order = await create();
      await expectUnchanged(order, () => order.update({ name: 'undone' }));

      await order.update({ name: 'kept' });

      expect(order.version).to.equal(1);
      expect((await order.reload()).name).to.equal('kept');
    });

    it('is not marked as deleted, and can be destroyed', async () => {
      const order = await create();
      await expectUnchanged(order, () => order.destroy());

      await order.destroy();

      expect(await Order.count()).to.equal(0);
    });

    it('is marked as deleted when it was, and can be restored', async () => {
      const order = await create();
      await order.destroy();
      await expectUnchanged(order, () => order.restore());

      await order.restore();

      expect(await Order.count()).to.equal(1);
    });

    it('can be saved when its row was deleted', async () => {
      const tag = await Tag.create({ name: 'stored' });
      await expectUnchanged(tag, () => tag.destroy());

      await tag.update({ name: 'changed' });

      expect(await Tag.count({ where: { name: 'changed' } })).to.equal(1);
    });

    it('is as it was before increment() and decrement()', async () => {
      const order = await create();

      await expectUnchanged(order, async () => {
        await order.increment('total', { by: 2 });
        await order.decrement('total');
        await order.reload();
        expect(order.total).to.equal(1);
      });
    });

    it('has no values that it read again after it was saved', async () => {
      const order = await create();

      await expectUnchanged(order, async () => {
        await order.update({ name: 'changed' });
        await Order.update({ total: 7 }, { where: {} });
        await order.reload({ include: Customer });
        expect(order.total).to.equal(7);
      });

      expect(order).not.to.have.own.property('Customer');
    });

    it('is new again with those that were saved along with it', async () => {
      const { Shop: shops, Item: items, Owner: owners } = sequelize.models as Models;
      const include = [items, owners];
      const shop = shops.build({ Items: [{}], Owner: {} }, { include }) as Model;
      const all = [shop, shop.get('Owner'), ...(shop.get('Items') as Model[])] as Model[];
      const before = all.map((instance) => ({ ...instance.get() }));

      await undone(() => shop.save());

      expect(all.map((instance) => ({ ...instance.get() }))).to.deep.equal(before);
      expect(all.map(({ isNewRecord }) => isNewRecord)).to.deep.equal([true, true, true]);
    });

    it('is new again, whichever of 1,500 it is', async () => {
      const names = Array.from({ length: 1500 }, (_, number) => ({ name: `tag ${number}` }));
      let tags: Tag[] = [];

      await undone(async () => {
        tags = await Tag.bulkCreate(names);
      });

      expect(tags.filter((tag) => !tag.isNewRecord)).to.have.length(0);
      expect(tags).to.have.length(1500);
    });

    it('is new again when bulkCreate() made it, and has no key', async () => {
      let orders: Order[] = [];

      await undone(async () => {
        orders = await Order.bulkCreate([{ name: 'first' }, { name: 'second' }]);
      });

      expect(orders.map(stateOf)).to.deep.equal(
        ['first', 'second'].map((name) => stateOf(Order.build({ name }))),
      );
    });

    it('is new again when upsert() made it', async () => {
      let order = build();

      await undone(async () => {
        [order] = await Order.upsert({ name: 'new' });
      });

      expect(stateOf(order)).to.deep.equal(stateOf(build()));
    });

    it('is new again when findOrCreate() made it', async () => {
      let tag = Tag.build();

      await undone(async () => {
        [tag] = await Tag.findOrCreate({ where: { name: 'new' } });
      });

      expect(stateOf(tag)).to.deep.equal(stateOf(Tag.build({ name: 'new' })));
    });

    it('is new again when a relation made it', async () => {
      const shop = (await sequelize.model('Shop').create()) as Shop;
      const made: Model[] = [];

      await undone(async () => {
        made.push(await shop.createItem(), await shop.createLabel());
      });

      expect(made.map(({ isNewRecord }) => isNewRecord)).to.deep.equal([true, true]);
      await atomic(async () => {
        await made[0]?.save();
        await made[1]?.save();
      });
      expect(await sequelize.model('Item').count()).to.equal(1);
      expect(await sequelize.model('Label').count()).to.equal(1);
    });

    it('is as it was, with hooks: false', async () => {
      const order = build();
      const stored = await create();

      await expectUnchanged(order, () => order.save({ hooks: false }));
      await expectUnchanged(stored, () => stored.destroy({ hooks: false }));
    });

    it('is as it was when it was written in the transaction of the block by name', async () => {
      const order = build();
      const before = stateOf(order);

      await rejectionOf(
        atomic(async (t) => {
          await transaction.outside(() => order.save({ transaction: t }));
          throw new Undone();
        }),
      );

      expect(stateOf(order)).to.deep.equal(before);
    });

    it('is as the transaction left it that it was written in, outside of the block', async () => {
      if (database.hasOneConnection) return;
      const tag = await Tag.create({ name: 'stored' });

      await rejectionOf(
        atomic(async () => {
          await tag.update({ name: 'changed' }, { transaction: null });
          throw new Undone();
        }),
      );

      expect(tag.name).to.equal('changed');
    });

    it('keeps what was set and not saved', async () => {
      const order = await create();

      await undone(async () => {
        await order.update({ name: 'undone', total: 1 });
        order.total = 2;
      });

      expect([order.name, order.total]).to.deep.equal(['stored', 2]);
      expect(order.changed()).to.deep.equal(['total']);
      expect(order.previous('total')).to.equal(0);
    });

    it('is as it was when its save failed', async () => {
      await create('taken');
      const order = Order.build({ name: 'taken' });

      await expectUnchanged(order, () => rejectionOf(order.save()));
    });

    it('is as it was before a hook of a save that failed', async () => {
      const tag = Tag.build({ name: 'secret' });
      undo.push(preSave.connect(({ instance }) => void instance.set('name', 'a'.repeat(300))));
      undo.push(preSave.connect(() => Promise.reject(new Undone())));

      await expectUnchanged(tag, () => rejectionOf(tag.save()));
    });

    it('is as it was when it was still being saved at the end', async () => {
      const order = build();
      const before = stateOf(order);
      const received = new Moment();
      undo.push(postSave.connect(() => received.happened, { sender: Order }));
      let saved: Promise<unknown> = Promise.resolve();
      await undone(async () => {
        await Tag.create({ name: 'begins' });
        saved = order.save();
        await Tag.count(); // behind the INSERT
      });

      received.happen();
      await saved;

      expect(stateOf(order)).to.deep.equal(before);
    });

    it('keeps its new state when the block is kept', async () => {
      const order = build();

      await atomic(() => order.save());

      expect(order.isNewRecord).to.equal(false);
      expect(order.id).to.be.a('number');
    });

    it('is stored by a block that is run again', async () => {
      const order = build();
      const mails: string[] = [];
      let runs = 0;
      await atomic({ retry: { times: 1 } }, async () => {
        runs += 1;
        await order.save();
        await onCommit(() => void mails.push('sent'));
        if (runs === 1) throw Object.assign(new Error('lost'), { code: '40001' });
      });

      expect(await Order.count()).to.equal(1);
      expect(mails).to.deep.equal(['sent']);
    });
  });

  it('is as it was when the COMMIT failed, or was none', async () => {
    for (const fault of [failCommit, falseCommit]) {
      const order = build();
      const before = stateOf(order);
      fault();

      await rejectionOf(atomic(() => order.save()));

      expect(stateOf(order)).to.deep.equal(before);
    }
  });

  it('is as it was when setRollback(true) undid the block', async () => {
    const order = build();
    const before = stateOf(order);

    await atomic(async () => {
      await order.save();
      transaction.setRollback(true);
    });

    expect(stateOf(order)).to.deep.equal(before);
  });

  it('is as it was when a receiver made its destroy() fail, outside of any block', async () => {
    const order = await create();
    const before = stateOf(order);
    undo.push(postDelete.connect(() => Promise.reject(new Undone())));

    await rejectionOf(order.destroy());

    expect(stateOf(order)).to.deep.equal(before);
  });

  describe('of a nested block', () => {
    it('is as it was before that block', async () => {
      const order = build();

      await atomic(async () => {
        await order.save();
        const before = stateOf(order);
        await rejectionOf(
          atomic(async () => {
            await order.update({ name: 'undone' });
            throw new Undone();
          }),
        );
        expect(stateOf(order)).to.deep.equal(before);
        await order.update({ name: 'kept' });
      });

      expect((await order.reload()).name).to.equal('kept');
    });

    it('is as it was before the outer block, when that is undone as well', async () => {
      const order = build();

      await expectUnchanged(order, async () => {
        await order.save();
        await atomic(() => order.update({ name: 'first' }));
        await rejectionOf(
          atomic(async () => {
            await order.update({ name: 'second' });
            throw new Undone();
          }),
        );
        await order.update({ name: 'third' });
      });
    });

    it('is as it was before the outer block, when only the inner one wrote it', async () => {
      const order = build();

      await expectUnchanged(order, () => atomic(() => order.save()));
    });

    it('is as it was before the outer block, when the inner one has no savepoint', async () => {
      const order = await create();
      const before = stateOf(order);

      await rejectionOf(
        atomic(async () => {
          await rejectionOf(
            atomic({ savepoint: false }, async () => {
              await order.update({ name: 'undone' });
              throw new Undone();
            }),
          );
          expect(order.name).to.equal('undone');
        }),
      );

      expect(stateOf(order)).to.deep.equal(before);
    });

    it('keeps what an enclosing block wrote', async () => {
      const [first, second] = [await create('first'), await create('second')];

      await atomic(async () => {
        await first.update({ total: 1 });
        await undone(() => second.update({ total: 1 }));
      });

      expect([first.total, second.total]).to.deep.equal([1, 0]);
    });

    it('is as it was before a block that was cut off with its parent', async () => {
      const order = build();
      const [saved, goOn] = [new Moment(), new Moment()];
      let cutOff: Promise<unknown> = Promise.resolve();

      await expectUnchanged(order, async () => {
        cutOff = rejectionOf(
          atomic(async () => {
            await order.save();
            saved.happen();
            await goOn.happened;
          }),
        );
        await saved.happened;
      });

      goOn.happen();
      await cutOff;
    });

    it('keeps what the block around it wrote meanwhile, where there was nothing to undo', async () => {
      const order = build();

      await atomic(async () => {
        const [entered, written] = [new Moment(), new Moment()];
        const inner = atomic(async () => {
          entered.happen();
          await written.happened;
          throw new Undone();
        });
        await entered.happened;
        await order.save();
        written.happen();
        await rejectionOf(inner);
      });

      expect(order.isNewRecord).to.equal(false);
      expect(await Order.count()).to.equal(1);
    });

    it('is as it was when the block around it wrote it as well, meanwhile', async () => {
      const order = build();

      await rejectionOf(
        atomic(async () => {
          const [saved, updated] = [new Moment(), new Moment()];
          const inner = atomic(async () => {
            await order.save();
            saved.happen();
            await updated.happened;
            throw new Undone();
          });
          await saved.happened;
          await order.update({ total: 1 });
          updated.happen();
          await rejectionOf(inner);
        }),
      );

      expect(stateOf(order)).to.deep.equal(stateOf(build()));
    });
  });

  describe('of a manual savepoint', () => {
    it('is as it was at the savepoint', async () => {
      const order = build();

      await atomic(async () => {
        await order.save();
        const before = stateOf(order);
        const sid = await transaction.savepoint();
        for (const name of ['first attempt', 'second attempt']) {
          await order.update({ name });
          await atomic(() => order.update({ total: 7 }));
          await transaction.savepointRollback(sid);
          expect(stateOf(order)).to.deep.equal(before);
        }
        await order.update({ name: 'kept' });
      });

      expect((await order.reload()).name).to.equal('kept');
    });

    it('is as it was at the savepoint in a nested block, too', async () => {
      const order = build();

      await atomic(() =>
        atomic(async () => {
          await order.save();
          const before = stateOf(order);
          const sid = await transaction.savepoint();
          await order.update({ name: 'undone' });
          await transaction.savepointRollback(sid);
          expect(stateOf(order)).to.deep.equal(before);
        }),
      );
    });

    it('is as it was before the block, when the savepoint was forgotten', async () => {
      const order = await create();

      await expectUnchanged(order, async () => {
        await order.update({ name: 'before' });
        const sid = await transaction.savepoint();
        await order.update({ name: 'after' });
        await transaction.savepointCommit(sid);
      });
    });

    it('stays as it was saved by the block around, after the rollback of one inside', async () => {
      const order = build();
      const [set, saving] = [new Moment(), new Moment()];

      await atomic(async () => {
        const inner = atomic(async () => {
          const sid = await transaction.savepoint();
          set.happen();
          await saving.happened;
          await transaction.savepointRollback(sid);
        });
        await set.happened;
        const saved = order.save(); // its INSERT comes after the rollback
        saving.happen();
        await Promise.all([inner, saved]);
      });

      expect(order.isNewRecord).to.equal(false);
      expect((await order.reload()).name).to.equal('new');
    });
  });

  it('is as it was, when a block without a savepoint had ended before it was saved', async () => {
    const order = build();
    const blockEnded = new Moment();

    await undone(async () => {
      let late: Promise<unknown> | undefined;
      await atomic({ savepoint: false }, async () => {
        late = blockEnded.happened.then(() => order.save());
      });
      blockEnded.happen();
      await late;
    });

    expect(stateOf(order)).to.deep.equal(stateOf(build()));
  });

  describe('of sequelize.transaction()', () => {
    const failing = async (body: () => Promise<unknown>): Promise<void> => {
      await body();
      throw new Undone();
    };

    it('stays as Sequelize leaves it', async () => {
      const tag = Tag.build({ name: 'new' });

      await rejectionOf(sequelize.transaction((t) => failing(() => tag.save({ transaction: t }))));

      expect(tag.isNewRecord).to.equal(false);
    });

    it('is as it was before an atomic block inside', async () => {
      const tag = Tag.build({ name: 'new' });

      await rejectionOf(
        sequelize.transaction((t) => failing(() => atomic({ transaction: t }, () => tag.save()))),
      );

      expect(tag.isNewRecord).to.equal(true);
    });

    it('is as it was when one is rolled back that was begun before another one', async () => {
      const order = build();

      await rejectionOf(
        atomic(async (outer) => {
          const first = await sequelize.transaction({ transaction: outer });
          await order.save({ transaction: first });
          const second = await sequelize.transaction({ transaction: outer });
          await order.update({ total: 1 }, { transaction: second });
          await first.rollback();
          await rejectionOf(second.rollback());
        }),
      );

      expect(stateOf(order)).to.deep.equal(stateOf(build()));
    });

    it('is as it was when it is inside an atomic block', async () => {
      const tag = Tag.build({ name: 'new' });

      await atomic((outer) =>
        rejectionOf(
          sequelize.transaction({ transaction: outer }, (t) =>
            failing(() => tag.save({ transaction: t })),
          ),
        ),
      );

      expect(tag.isNewRecord).to.equal(true);
    });
  });
});
