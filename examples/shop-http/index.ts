/**
 * A shop behind HTTP: what a visitor is told is what is stored.
 *
 * Each view of `app.ts` is atomic. Its rows, those that its receivers write, and the mails that wait
 * for the COMMIT belong together; the session is written after that, and then the answer leaves.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectHttp, gotRequestException, requestFinished } from 'sequelize-signals/http';
import { failCommit } from 'sequelize-signals/testing';
import { createApp } from './app.js';
import { outbox } from './mail.js';
import { Order, Product, sequelize } from './models.js';
import { connectReceivers } from './receivers.js';

async function main(): Promise<void> {
  await sequelize.sync();
  await Product.bulkCreate([
    { name: 'book', stock: 2 },
    { name: 'lamp', stock: 0 },
  ]);
  connectReceivers();
  gotRequestException.connect(({ error }) =>
    console.log(`  reported: ${(error as Error).message}`),
  );
  requestFinished.connect(({ request, response }) => {
    console.log(`  access log: ${request.method} ${request.url} ${response.statusCode}`);
  });

  const server = createServer(createApp());
  connectHttp(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let cookie = '';

  async function visit(title: string, path: string, body?: object): Promise<void> {
    console.log(title);
    const finished = once(server, 'request').then(([, response]) => once(response, 'close'));
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json', cookie },
      body: body ? JSON.stringify(body) : null,
    });
    cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie;
    const text = await response.text();
    await finished;
    console.log(`  told: ${response.status} ${text.trim().replaceAll('\n', ', ')}`);
    console.log(`  stored: ${await Order.count()} orders; mails: ${outbox.length}`);
  }

  await visit('An order', '/orders', { customer: 'Ada', product: 'book' });
  await visit('Of what is not there any more', '/orders', { customer: 'Ada', product: 'lamp' });
  await visit('By somebody whose card is refused', '/orders', {
    customer: 'nobody',
    product: 'book',
  });
  failCommit({ error: new Error('disk full') });
  await visit('On a disk that is full', '/orders', { customer: 'Ada', product: 'book' });
  await visit('What the session knows', '/orders');
  await visit('A stream', '/products.txt');
  await visit('A page outside of transactions', '/health');

  server.close();
  server.closeAllConnections();
  await sequelize.close();
}

void main();
