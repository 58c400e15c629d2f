/** The shop under test, with `node --test`: over HTTP, with rows that are really committed. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { failCommit } from 'sequelize-signals/testing';
import { createApp } from './app.js';
import { outbox } from './mail.js';
import { Order, Product, sequelize } from './models.js';
import { connectReceivers } from './receivers.js';

let server: Server;
const undos = connectReceivers();

before(async () => {
  server = createServer(createApp()).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
beforeEach(async () => {
  await sequelize.sync({ force: true });
  await Product.create({ name: 'book', stock: 1 });
  outbox.length = 0;
});
after(async () => {
  for (const undo of undos) undo();
  server.close();
  server.closeAllConnections();
  await sequelize.close();
});

async function order(product: string): Promise<number> {
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ customer: 'Ada', product }),
  });
  await response.text();
  return response.status;
}

test('an order is stored, taken from stock and confirmed', async () => {
  assert.equal(await order('book'), 201);

  assert.equal(await Order.count(), 1);
  assert.equal((await Product.findByPk('book'))?.stock, 0);
  assert.deepEqual(outbox, ['to Ada: order 1 is on its way']);
});

test('an order of what is not there leaves nothing behind', async () => {
  await order('book');

  assert.equal(await order('book'), 409);

  assert.equal(await Order.count(), 1);
  assert.equal(outbox.length, 1);
});

test('a COMMIT that fails is not confirmed, to nobody', async () => {
  failCommit({ error: new Error('disk full') });

  assert.equal(await order('book'), 500);

  assert.equal(await Order.count(), 0);
  assert.deepEqual(outbox, []);
});
