import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Sequelize } from 'sequelize';

/**
 * What becomes of a connection at a statement: it is cut before the server gets it, or before the
 * client gets the answer; nothing more comes back, until it is cut; or the answer comes late.
 */
export type Cut = 'statement' | 'answer' | 'silence' | 'delay';

/** What is done to the connection that sends a statement. */
export interface Fault {
  /** What the statement contains. */
  readonly text: string;
  /** Which of these statements is meant, from 1. */
  readonly number: number;
  readonly cut: Cut;
}

/** How many milliseconds an answer comes late, or nothing comes. */
const DELAY = 30;

/**
 * Stands between Sequelize and its server, and cuts a connection at one statement, or holds it up.
 * So a test can have a connection lost at a moment that it chooses.
 */
export class FaultyProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #rewritten: { readonly text: string; readonly by: string } | undefined;
  #awaited: { fault: Fault; left: number }[] = [];
  #done: Fault[] = [];
  #lostCommits = 0;

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
    this.plan([{ text, number: 1, cut }]);
  }

  /** Does this to the connections from now on, and nothing that was planned before. */
  plan(faults: readonly Fault[]): void {
    this.#awaited = faults.map((fault) => ({ fault, left: fault.number }));
    this.#done = [];
    this.#lostCommits = 0;
  }

  /** What happened of the plan. */
  get done(): readonly Fault[] {
    return this.#done;
  }

  /** How many times a COMMIT reached the server, of which the client had no answer. */
  get lostCommits(): number {
    return this.#lostCommits;
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
    let onAnswer: 'pass' | Cut = 'pass';
    const cut = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      // Small messages would wait for each other's acknowledgement.
      socket.setNoDelay(true);
      socket.on('error', cut).on('close', () => {
        this.#sockets.delete(socket);
        cut();
      });
    }
    client.on('data', (chunk) => {
      const found = this.#take(chunk);
      if (found === 'statement') return cut();
      if (found) onAnswer = found;
      if (isLost(found) && chunk.includes('COMMIT')) this.#lostCommits += 1;
      server.write(this.#edited(chunk));
    });
    server.on('data', (chunk) => {
      if (onAnswer === 'answer') return cut();
      if (onAnswer === 'silence') return void setTimeout(cut, DELAY);
      if (onAnswer === 'delay') {
        onAnswer = 'pass';
        server.pause();
        setTimeout(() => {
          client.write(chunk);
          server.resume();
        }, DELAY);
        return;
      }
      client.write(chunk);
    });
  }

  #edited(chunk: Buffer): Buffer {
    const at = this.#rewritten ? chunk.indexOf(this.#rewritten.text) : -1;
    if (at >= 0) chunk.write(this.#rewritten?.by ?? '', at);
    return chunk;
  }

  /** What to do about a statement: of several faults that are planned for it, the first. */
  #take(chunk: Buffer): Cut | undefined {
    const due = this.#awaited.filter((awaited) => {
      if (!chunk.includes(awaited.fault.text)) return false;
      awaited.left -= 1;
      return awaited.left === 0;
    });
    const fault = due[0]?.fault;
    if (fault === undefined) return undefined;
    this.#awaited = this.#awaited.filter((awaited) => !due.includes(awaited));
    this.#done.push(fault);
    return fault.cut;
  }
}

function isLost(cut: Cut | undefined): boolean {
  return cut === 'answer' || cut === 'silence';
}
