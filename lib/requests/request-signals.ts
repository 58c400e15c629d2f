import type { IncomingMessage, ServerResponse } from 'node:http';
import { Signal } from '../signals/index.js';

/** What receivers of `requestStarted` get. */
export interface RequestStarted {
  readonly request: IncomingMessage;
}

/** What receivers of `requestFinished` get. */
export interface RequestFinished {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Whether the connection was closed before the whole answer had been handed to the system. */
  readonly aborted: boolean;
}

/** What receivers of `gotRequestException` get. */
export interface GotRequestException {
  readonly request: IncomingMessage;
  /** What was thrown. */
  readonly error: unknown;
}

/**
 * Sent when a request has come in, before anybody handles it, once `connectHttp` was called. The sender
 * is the server. It is sent robustly, out of any block, and nobody waits for asynchronous receivers.
 */
export const requestStarted: Signal<RequestStarted> = new Signal<RequestStarted>({
  name: 'requestStarted',
});

/**
 * Sent when a response is closed, so after a stream as well, and when the client has gone away before;
 * once `connectHttp` was called. The sender is the server. It is sent robustly and out of any block.
 */
export const requestFinished: Signal<RequestFinished> = new Signal<RequestFinished>({
  name: 'requestFinished',
});

/**
 * Sent for an error that becomes a status of 500 or above, after the rollback, by the `reportExceptions`
 * of each framework. There is no sender. It is sent robustly and out of any block.
 */
export const gotRequestException: Signal<GotRequestException> = new Signal<GotRequestException>({
  name: 'gotRequestException',
});
