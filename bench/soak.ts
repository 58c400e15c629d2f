/**
 * Runs blocks of every kind on PostgreSQL and watches what stays behind: `npm run soak`. It fails
 * when the heap grows, the pool is not what it was, or a row or a callback is missing or too many.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Sequelize } from 'sequelize';
import { install } from 'sequelize-signals';
import { postgres } from '../test/support/servers/postgres.js';
import { Traffic } from './soak/traffic.js';

const BLOCKS = 100_000;
const PORTIONS = 10;
/** In bytes. A hundred for each block would be five times as much. */
const ALLOWED_GROWTH = 2_000_000;
const PATIENCE = 5 * 60_000;

async function main(): Promise<void> {
  const { options } = await postgres.createDatabase();
  const sequelize = new Sequelize({ ...options, logging: false, pool: { max: 5 } });
  const connection = install(sequelize);
  try {
    await soak(await Traffic.prepare(connection));
    connection.uninstall();
  } finally {
    await sequelize.close();
    await postgres.stop();
  }
}

async function soak(traffic: Traffic): Promise<void> {
  const start = performance.now();
  const heaps: number[] = [];
  while (traffic.blocks < BLOCKS) {
    await traffic.run(BLOCKS / PORTIONS);
    await traffic.check();

    const elapsed = performance.now() - start;
    heaps.push(heapInUse());
    console.log(
      `${traffic.blocks} blocks, ${(elapsed / 1000).toFixed(0)} s, heap ${megabytes(heaps.at(-1))}`,
    );
    if (elapsed > PATIENCE) throw new Error('The soak takes longer than five minutes.');
  }
  // What the first portion left is what was compiled and cached once and for all.
  const growth = Number(heaps.at(-1)) - Number(heaps[0]);
  console.log(`The heap grew by ${megabytes(growth)} after the first ${BLOCKS / PORTIONS} blocks.`);
  if (growth > ALLOWED_GROWTH) throw new Error('The heap grows: something stays behind.');
}

// What `node --expose-gc` gives, without asking for it.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapInUse(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

function megabytes(bytes = 0): string {
  return `${(bytes / 1_000_000).toFixed(2)} MB`;
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
