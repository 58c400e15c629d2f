const { readFile } = require('node:fs/promises');
const { DataTypes, Sequelize } = require('sequelize');
const { atomic, configure, install, onCommit, postSave, Signal } = require('sequelize-signals');

/* global test, expect -- Jest's */

test('signals and transactions work in the context that Jest gives each test file', async () => {
  const sequelize = new Sequelize({ dialect: 'sqlite', storage: ':memory:', logging: false });
  const connection = install(sequelize);
  const Order = sequelize.define('Order', { total: DataTypes.INTEGER });
  await sequelize.sync();
  const seen = [];
  postSave.connect(({ instance }) => onCommit(() => seen.push(instance.total)), { sender: Order });

  await atomic(async () => {
    await Order.create({ total: 7 });
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
