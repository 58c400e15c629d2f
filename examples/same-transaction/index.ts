/**
 * What a receiver writes is in the transaction of the save that called it, shown by an Express page.
 *
 * After the rollback both rows are gone. A page that said `true` here, as one can read about
 * Django in places, would contradict the rollback: Django answers `false` twice as well.
 */
import type { AddressInfo } from 'node:net';
import { createApp } from './app.js';
import { sequelize } from './models.js';
import './receivers.js';

async function main(): Promise<void> {
  await sequelize.sync();
  const server = createApp().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;

  for (const path of ['/rollback', '/commit']) {
    const page = await fetch(`http://127.0.0.1:${port}${path}`, {
      headers: { connection: 'close' },
    });
    console.log(`GET ${path}`);
    console.log((await page.text()).replaceAll('<br>', '\n'));
  }
  server.close();
}

void main();
