import {
  DataTypes,
  type Model,
  type ModelStatic,
  type Sequelize,
  type Transaction,
} from 'sequelize';
import { atomic, install, onCommit, postSave } from 'sequelize-signals';
import { DataSource, EntitySchema, type EntitySubscriberInterface } from 'typeorm';
import {
  addTransactionalDataSource,
  initializeTransactionalContext,
  Propagation,
  runInTransaction,
  runOnTransactionCommit,
} from 'typeorm-transactional';
import type { Benchmark, Contender } from '../benchmark.js';
import { ownSequelize } from '../own-sequelize.js';
import { postgresOptions } from '../servers.js';

const ITEMS = ['lamp', 'table', 'chair'];
const RECEIVERS = 3;
const CALLBACKS = 2;

/** What happened beside the rows: calls of receivers, and of callbacks after the commit. */
interface Happenings {
  received: number;
  committed: number;
}

/**
 * A shop that takes orders: one order is a row, three receivers that are told of it, a part with
 * three more rows that could be undone by itself, and two callbacks after the commit.
 */
interface Shop {
  takeOrder(): Promise<void>;
  count(): Promise<{ orders: number; items: number }>;
}

async function orders(open: (happenings: Happenings) => Promise<Shop>): Promise<Contender> {
  const happenings: Happenings = { received: 0, committed: 0 };
  const shop = await open(happenings);
  return {
    async run(times) {
      for (let i = 0; i < times; i += 1) await shop.takeOrder();
    },
    async check(times) {
      const found = JSON.stringify({ ...(await shop.count()), ...happenings });
      const wanted = JSON.stringify({
        orders: times,
        items: times * ITEMS.length,
        received: times * RECEIVERS,
        committed: times * CALLBACKS,
      });
      if (found !== wanted) throw new Error(`The shop has ${found}, not ${wanted}.`);
    },
  };
}

interface Models {
  readonly Order: ModelStatic<Model & { id: number }>;
  readonly Item: ModelStatic<Model>;
}

let shops = 0;

async function defineModels(sequelize: Sequelize): Promise<Models> {
  shops += 1;
  const name = `shop_${process.pid}_${shops}`;
  const Order = sequelize.define<Model & { id: number }>(
    'order',
    { customer: DataTypes.STRING },
    { tableName: `${name}_orders`, timestamps: false },
  );
  const Item = sequelize.define(
    'item',
    { orderId: DataTypes.INTEGER, product: DataTypes.STRING },
    { tableName: `${name}_items`, timestamps: false },
  );
  await sequelize.sync();
  return { Order, Item };
}

async function countRows({ Order, Item }: Models): Promise<{ orders: number; items: number }> {
  return { orders: await Order.count(), items: await Item.count() };
}

async function ourShop(happenings: Happenings): Promise<Shop> {
  const sequelize = new (ownSequelize())(postgresOptions());
  install(sequelize);
  const models = await defineModels(sequelize);
  const { Order, Item } = models;
  for (let i = 0; i < RECEIVERS; i += 1) {
    const receiver = () => {
      happenings.received += 1;
    };
    postSave.connect(receiver, { sender: Order });
  }
  const committed = () => {
    happenings.committed += 1;
  };

  const takeOrder = atomic()(async () => {
    const order = await Order.create({ customer: 'Ada' });
    await atomic(async () => {
      for (const product of ITEMS) await Item.create({ orderId: order.id, product });
    });
    for (let i = 0; i < CALLBACKS; i += 1) await onCommit(committed);
  });
  return { takeOrder, count: () => countRows(models) };
}

/** `release` sends the RELEASE SAVEPOINT that Sequelize leaves out. */
function rawShop(release: boolean): (happenings: Happenings) => Promise<Shop> {
  return async (happenings) => {
    const sequelize = new (ownSequelize())(postgresOptions());
    const models = await defineModels(sequelize);
    const { Order, Item } = models;
    for (let i = 0; i < RECEIVERS; i += 1) {
      Order.afterSave(() => {
        happenings.received += 1;
      });
    }
    const committed = () => {
      happenings.committed += 1;
    };

    const takeOrder = async () => {
      await sequelize.transaction(async (transaction) => {
        const order = await Order.create({ customer: 'Ada' }, { transaction });
        const savepoint = await sequelize.transaction({ transaction }, async (inner) => {
          for (const product of ITEMS) {
            await Item.create({ orderId: order.id, product }, { transaction: inner });
          }
          return (inner as Transaction & { name: string }).name;
        });
        if (release) await sequelize.query(`RELEASE SAVEPOINT "${savepoint}"`, { transaction });
        for (let i = 0; i < CALLBACKS; i += 1) transaction.afterCommit(committed);
      });
    };
    return { takeOrder, count: () => countRows(models) };
  };
}

interface OrderRow {
  id?: number;
  customer: string;
}

interface ItemRow {
  id?: number;
  orderId: number;
  product: string;
}

async function typeormShop(happenings: Happenings): Promise<Shop> {
  const id = { type: 'integer', primary: true, generated: true } as const;
  const Order = new EntitySchema<OrderRow>({
    name: 'typeorm_order',
    columns: { id, customer: { type: String } },
  });
  const Item = new EntitySchema<ItemRow>({
    name: 'typeorm_item',
    columns: { id, orderId: { type: 'integer' }, product: { type: String } },
  });
  initializeTransactionalContext();
  const { host, port, username, password, database } = postgresOptions();
  const server = { host, port, username, password: password ?? '', database };
  const dataSource = addTransactionalDataSource(
    new DataSource({
      type: 'postgres',
      ...server,
      entities: [Order, Item],
      synchronize: true,
    } as never),
  );
  await dataSource.initialize();
  for (let i = 0; i < RECEIVERS; i += 1) {
    const subscriber: EntitySubscriberInterface = {
      listenTo: () => 'typeorm_order',
      afterInsert() {
        happenings.received += 1;
      },
    };
    dataSource.subscribers.push(subscriber);
  }
  const committed = () => {
    happenings.committed += 1;
  };

  const orderRepository = dataSource.getRepository(Order);
  const itemRepository = dataSource.getRepository(Item);
  const nested = { propagation: Propagation.NESTED };
  const takeOrder = () =>
    runInTransaction(async () => {
      const order = await orderRepository.save({ customer: 'Ada' });
      await runInTransaction(async () => {
        for (const product of ITEMS) {
          await itemRepository.save({ orderId: order.id ?? 0, product });
        }
      }, nested);
      for (let i = 0; i < CALLBACKS; i += 1) runOnTransactionCommit(committed);
    });
  const count = async () => ({
    orders: await orderRepository.count(),
    items: await itemRepository.count(),
  });
  return { takeOrder, count };
}

const RAW = 'Sequelize, transactions passed by hand';
const RELEASING = 'the same with the RELEASE';
const TYPEORM = 'typeorm-transactional';

export const benchmarks: readonly Benchmark[] = [
  {
    name: "a shop's order, PostgreSQL",
    unit: 'µs',
    // Two of them need a context, which would slow the one that does without.
    apart: true,
    rounds: 25,
    sample: 400,
    ours: () => orders(ourShop),
    peers: {
      [RAW]: () => orders(rawShop(false)),
      [RELEASING]: () => orders(rawShop(true)),
      [TYPEORM]: () => orders(typeormShop),
    },
    targets: [
      { against: RAW, atMost: 1.05 },
      { against: TYPEORM, atMost: 1 },
    ],
  },
];
