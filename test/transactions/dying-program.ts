/**
 * Run by dying.test.ts in a process of its own, on the SQLite file that it is given. Dies in the
 * first of two callbacks, after the COMMIT.
 */
import { DataTypes, Sequelize } from 'sequelize';
import { atomic, install, onCommit } from 'sequelize-signals';

async function main(): Promise<void> {
  const sequelize = new Sequelize({ dialect: 'sqlite', storage: process.argv[2], logging: false });
  install(sequelize);
  const Order = sequelize.define('Order', { customer: DataTypes.STRING });
  await sequelize.sync();

  await atomic(async () => {
    await Order.create({ customer: 'Ada' });
    await onCommit(() => process.exit(7));
    await onCommit(() => console.log('mail to Ada'));
  });
}

void main();
