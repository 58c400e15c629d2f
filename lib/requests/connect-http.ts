import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { InvalidArgumentError, logger, show } from '../base/index.js';
import type { Signal } from '../signals/index.js';
import { transaction } from '../transactions/index.js';
import { requestFinished, requestStarted } from './request-signals.js';

/** On which Node.js tells of every request, before it calls whoever handles it. */
const CHANNEL = 'http.server.request.start';

/** What Node.js tells. */
interface RequestStart {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly server: object;
}

/** Stands for the servers of the whole process. */
const EVERY_SERVER = {};

const undoOf = new WeakMap<object, () => void>();
let connected = 0;

/**
 * Sends `requestStarted` and `requestFinished` for each request of one server, or of all servers of the
 * process, whatever framework they have. The sender is the server.
 *
 * @remarks
 * It hears of servers of `node:http` and `node:https`, and not of those of HTTP/2, of an upgrade such as
 * to WebSocket, or of requests that are injected without a server. A request is sent once, also where both
 * its server and all are connected. Connecting what is connected already changes nothing.
 *
 * @example
 * ```ts
 * import { connectHttp, requestFinished } from 'sequelize-signals/http';
 *
 * requestFinished.connect(({ request, response, aborted }) => {
 *   console.log(request.method, request.url, aborted ? 'aborted' : response.statusCode);
 * });
 * const disconnect = connectHttp();
 * disconnect();
 * ```
 * @returns the undo. Requests that have started still finish.
 * @throws {@link InvalidArgumentError} when it is given anything but a server.
 */
export function connectHttp(server?: Server): () => void {
  const heard: object = server ?? EVERY_SERVER;
  assertServer(server);
  const known = undoOf.get(heard);
  if (known) return known;

  if (connected === 0) subscribe(CHANNEL, hear);
  connected += 1;
  const undo = () => {
    if (undoOf.get(heard) !== undo) return;
    undoOf.delete(heard);
    connected -= 1;
    if (connected === 0) unsubscribe(CHANNEL, hear);
  };
  undoOf.set(heard, undo);
  return undo;
}

function assertServer(server: unknown): void {
  if (server === undefined) return;
  if (typeof server === 'object' && server !== null && 'listen' in server) return;
  throw new InvalidArgumentError(`connectHttp() needs a server of node:http, not ${show(server)}.`);
}

function hear(message: unknown): void {
  const { request, response, server } = message as RequestStart;
  if (!undoOf.has(EVERY_SERVER) && !undoOf.has(server)) return;

  send(requestStarted, server, { request });
  response.once('close', () => {
    const aborted = !response.writableFinished;
    send(requestFinished, server, { request, response, aborted });
  });
}

/** Nobody waits for the receivers, as Node.js does not wait for whoever it tells. */
function send<Payload extends object>(
  signal: Signal<Payload>,
  server: object,
  payload: Payload,
): void {
  if (!signal.hasListeners(server)) return;
  const sent: Promise<unknown> = transaction.outside(() =>
    (signal as Signal<object>).sendRobust(server, payload),
  );
  sent.catch((error) => logger().error(`${signal.name} could not be sent.`, error));
}
