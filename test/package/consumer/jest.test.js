const { readFile } = require('node:fs/promises');
const { DataTypes, Sequelize } = require('sequelize');
const { atomic, configure, install, onCommit, Signal } = require('sequelize-signals');

/* global test, expect -- Jest's */

test('signals and transactions work in the context that Jest gives each test file', async () => {
  const sequelize = new Sequelize({ dialect: 'sqlite', storage: ':memory:', logging: false });
  const connection = install(sequelize);
  const Order = sequelize.define('Order', { total: DataTypes.INTEGER });
  await sequelize.sync();
  const saved = new Signal({ name: 'saved' });
  const seen = [];
  saved.connect(({ total }) => onCommit(() => seen.push(total)), { sender: Order });

  await atomic(async () => {
    const { total } = await Order.create({ total: 7 });
    await saved.send(Order, { total });
    expect(seen).toEqual([]);
  });

  expect(seen).toEqual([7]);
  connection.uninstall();
  await sequelize.close();
});

test('an error of Node.js itself, from outside that context, is an error', async () => {
  const signal = new Signal({ name: 'failing' });
  const failing = () => readFile('no such file');
  signal.connect(failing);
  configure({ logger: { error() {}, warn() {} } });

  const [[, response]] = await signal.sendRobust(undefined);

  expect(response.code).toBe('ENOENT');
});
