import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * An HTTP server in this process, which runs `view` for each request. As with any server, a request
 * has the asynchronous context in which the server was started, and not that of who sends it.
 */
export class RequestServer {
  view: () => unknown = () => {};
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(async (_request, response) => {
      try {
        await this.view();
      } catch {
        response.statusCode = 500;
      }
      response.end();
    });
  }

  static async start(): Promise<RequestServer> {
    const server = new RequestServer();
    await new Promise<void>((resolve) => {
      server.#server.listen(0, '127.0.0.1', resolve);
    });
    return server;
  }

  /** Sends a request, and resolves to its status when all of the answer is there. */
  async request(): Promise<number> {
    const { port } = this.#server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/`);
    await response.text();
    return response.status;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
