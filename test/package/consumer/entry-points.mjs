// What one entry point made or was given, the others must know.
import { deepStrictEqual, strictEqual } from 'node:assert';
import { Sequelize } from 'sequelize';
import { install, preMigrate, Signal } from 'sequelize-signals';
import { muteSignals } from 'sequelize-signals/testing';
import { connectUmzug } from 'sequelize-signals/umzug';

const orderPaid = new Signal({ name: 'orderPaid' });
const seen = [];
orderPaid.connect(({ total }) => seen.push(total));
await muteSignals(orderPaid).run(() => orderPaid.send('shop', { total: 7 }));
await orderPaid.send('shop', { total: 8 });
deepStrictEqual(seen, [8]);

const none = async () => [];
const umzug = { up: none, down: none, pending: none, executed: none };
const connection = install(new Sequelize({ dialect: 'sqlite', logging: false }), { using: 'shop' });
let migrated;
preMigrate.connect(({ using }) => {
  migrated = using;
});
connectUmzug(umzug, { using: 'shop' });
await umzug.up();
strictEqual(migrated, 'shop');
connection.uninstall();
