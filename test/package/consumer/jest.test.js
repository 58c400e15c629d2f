const { readFile } = require('node:fs/promises');
const { DataTypes, Sequelize } = require('sequelize');
const { atomic, configure, install, onCommit, postSave, Signal } = require('sequelize-signals');

/* global jest, test, expect -- Jest's */

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

test('modules that are loaded anew work, and warn of nothing but what cannot work', async () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
  const sequelize = new Sequelize({ dialect: 'sqlite', storage: ':memory:', logging: false });
  const Order = sequelize.define('Order', { total: DataTypes.INTEGER });
  const loadAnew = () => {
    jest.resetModules();
    return require('sequelize-signals');
  };

  for (const total of [1, 2]) {
    const library = loadAnew();
    const seen = [];
    library.postSave.connect(({ instance }) => seen.push(instance.total), { sender: Order });
    const connection = library.install(sequelize);
    await sequelize.sync();
    await library.atomic(() => Order.create({ total }));
    expect(seen).toEqual([total]);
    connection.uninstall();
  }
  expect(warn).not.toHaveBeenCalled();

  install(sequelize);
  loadAnew().postSave.connect(() => {}, { sender: Order });
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/from the same file.*not called/)]]);
  warn.mockRestore();
  await sequelize.close();
});
