import { once } from 'node:events';
import {
  Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  request as send,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a client was told. */
export interface Told {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request that has been sent, and may be given up. */
export interface SentRequest {
  /** Rejects when the connection was cut. */
  readonly told: Promise<Told>;
  /** Resolves with the first part of the body. */
  readonly begun: Promise<string>;
  /** Goes away without waiting for the answer. */
  leave(): void;
}

/** A server on a free port, and a client of it that keeps its connections. */
export class Site {
  readonly server: Server;
  readonly #agent = new Agent({ keepAlive: true });

  private constructor(server: Server) {
    this.server = server;
  }

  static async open(server: Server): Promise<Site> {
    if (!server.listening) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    return new Site(server);
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    this.server.closeAllConnections();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }

  get(path = '/', method = 'GET', headers: Record<string, string> = {}): Promise<Told> {
    return this.send(path, method, headers).told;
  }

  send(path = '/', method = 'GET', headers: Record<string, string> = {}): SentRequest {
    const { port } = this.server.address() as AddressInfo;
    const request = send({ port, host: '127.0.0.1', path, method, headers, agent: this.#agent });
    const response: Promise<IncomingMessage> = once(request, 'response').then(([first]) => first);
    const begun = response.then(async (incoming) => String((await once(incoming, 'data'))[0]));
    const told = response.then(async (incoming) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part) => parts.push(part));
      await once(incoming, 'end');
      const { statusCode = 0, headers } = incoming;
      return { status: statusCode, headers, body: Buffer.concat(parts).toString() };
    });
    for (const promise of [told, begun]) promise.catch(() => {});
    request.end();
    return { told, begun, leave: () => request.destroy() };
  }
}
