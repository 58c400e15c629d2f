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
  readonly bytes: Buffer;
}

/** A request that has been sent, and may be given up. */
export interface SentRequest {
  /** Rejects when the connection was cut. */
  readonly told: Promise<Told>;
  /** Resolves when the headers are there. */
  readonly headed: Promise<unknown>;
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

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Asks for another protocol, and resolves to the status of the answer. */
  async upgrade(protocol: string): Promise<number | undefined> {
    const headers = { connection: 'upgrade', upgrade: protocol };
    const request = send({ port: this.port, host: '127.0.0.1', headers });
    request.end();
    const [response, socket] = await once(request, 'upgrade');
    socket.destroy();
    return response.statusCode;
  }

  get(path = '/', method = 'GET', headers: Record<string, string> = {}): Promise<Told> {
    return this.send(path, method, headers).told;
  }

  send(path = '/', method = 'GET', headers: Record<string, string> = {}): SentRequest {
    const request = send({
      port: this.port,
      host: '127.0.0.1',
      path,
      method,
      headers,
      agent: this.#agent,
    });
    const response: Promise<IncomingMessage> = once(request, 'response').then(([first]) => first);
    const begun = response.then(async (incoming) => String((await once(incoming, 'data'))[0]));
    const told = response.then(async (incoming) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part) => parts.push(part));
      await once(incoming, 'end');
      const { statusCode = 0, headers } = incoming;
      const bytes = Buffer.concat(parts);
      return { status: statusCode, headers, body: bytes.toString(), bytes };
    });
    for (const promise of [told, begun]) promise.catch(() => {});
    request.end();
    return { told, headed: response, begun, leave: () => request.destroy() };
  }
}
