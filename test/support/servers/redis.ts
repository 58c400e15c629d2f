import { connect } from 'node:net';

/** Where the Redis of a run is. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * The server that `REDIS_URL` names, or one on the usual port of this machine; undefined where none
 * answers. With `REQUIRE_DATABASES=1` that is an error.
 */
export async function redis(): Promise<RedisAddress | undefined> {
  const url = new URL(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379/');
  const address = { host: url.hostname, port: Number(url.port || 6379) };
  if (await answers(address)) return address;
  if (process.env.REQUIRE_DATABASES === '1') throw new Error(`No Redis answers at ${url.href}.`);
  return undefined;
}

function answers(address: RedisAddress): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address, () => {
      socket.write('PING\r\n');
      socket.once('data', (data) => {
        socket.destroy();
        resolve(String(data).startsWith('+PONG'));
      });
    });
    socket.once('error', () => resolve(false));
  });
}
