/** What an application does first: it must compile and run however the package is loaded. */
import { deepStrictEqual, strictEqual } from 'node:assert';
import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  Model,
  Sequelize,
} from 'sequelize';
import { atomic, install, onCommit, postSave, Signal } from 'sequelize-signals';

class Order extends Model<InferAttributes<Order>, InferCreationAttributes<Order>> {
  declare id: CreationOptional<number>;
  declare total: number;
}

async function main(): Promise<void> {
  process.exitCode = 1; // until the end is reached
  const sequelize = new Sequelize({ dialect: 'sqlite', storage: ':memory:', logging: false });
  const connection = install(sequelize);
  Order.init(
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      total: DataTypes.INTEGER,
    },
    { sequelize },
  );
  await sequelize.sync();

  const seen: string[] = [];
  const orderPaid = new Signal<{ order: Order }>({ name: 'orderPaid' });
  orderPaid.connect(({ order }) => seen.push(`paid ${order.total}`), { sender: Order });
  const off = postSave.connect(
    async ({ instance, created }) => {
      seen.push(`saved ${instance.total} ${created}`);
      await onCommit(() => orderPaid.send(Order, { order: instance }));
    },
    { sender: Order },
  );

  const order = await atomic(async () => {
    const created = await Order.create({ total: 7 });
    seen.push('created');
    return created;
  });
  off();
  await connection.atomic(() => order.update({ total: 8 }));

  deepStrictEqual(seen, ['saved 7 true', 'created', 'paid 7']);
  strictEqual(await Order.count({ where: { total: 8 } }), 1);
  connection.uninstall();
  await sequelize.close();
  process.exitCode = 0;
}

void main();
