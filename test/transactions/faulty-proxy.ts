import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Sequelize } from 'sequelize';

/** When a connection is cut: before the server gets a statement, or before the client gets the answer. */
export type Cut = 'statement' | 'answer';

/**
 * Stands between Sequelize and its server, and cuts a connection at one statement. So a test can
 * have a connection lost at a moment that it chooses.
 */
export class FaultyProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #rewritten: { readonly text: string; readonly by: string } | undefined;
  #next: { readonly text: string; readonly cut: Cut } | undefined;

  private constructor(target: { host: string; port: number }) {
    this.#server = createServer((client) => this.#join(client, connect(target)));
  }

  /** Opens one before the server of `sequelize`. */
  static async before(sequelize: Sequelize): Promise<FaultyProxy> {
    const { host, port } = sequelize.config;
    const proxy = new FaultyProxy({ host: host ?? '127.0.0.1', port: Number(port) });
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** Where Sequelize is to connect. */
  get options(): { host: string; port: number } {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  /** Cuts the connection that sends `text` next. */
  cutAt(text: string, cut: Cut = 'statement'): void {
    this.#next = { text, cut };
  }

  /** Has the server read something else in the place of `text`, and have a setting that it has not. */
  rewrite(text: string, by: string): void {
    this.#rewritten = { text, by: by.padEnd(text.length) };
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #join(client: Socket, server: Socket): void {
    let answerIsLost = false;
    const cut = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', cut).on('close', () => {
        this.#sockets.delete(socket);
        cut();
      });
    }
    client.on('data', (chunk) => {
      const found = this.#take(chunk);
      if (found === 'statement') return cut();
      answerIsLost = found === 'answer';
      server.write(this.#edited(chunk));
    });
    server.on('data', (chunk) => {
      if (answerIsLost) return cut();
      client.write(chunk);
    });
  }

  #edited(chunk: Buffer): Buffer {
    const at = this.#rewritten ? chunk.indexOf(this.#rewritten.text) : -1;
    if (at >= 0) chunk.write(this.#rewritten?.by ?? '', at);
    return chunk;
  }

  #take(chunk: Buffer): Cut | undefined {
    if (this.#next === undefined || !chunk.includes(this.#next.text)) return undefined;
    const { cut } = this.#next;
    this.#next = undefined;
    return cut;
  }
}
