import type { ServerResponse } from 'node:http';
import { FlowValue, isObject, logger } from '../base/index.js';
import { transaction } from '../transactions/index.js';
import { AnswerHead, AnswerStatus, assertHead } from './answer-head.js';
import { type Arguments, type Interceptor, intercept, type Method } from './intercept.js';

/** Who writes to a response that is held: one run of a view. */
export interface Writer {
  /** The answer is complete. */
  answered(): void;
  /** The answer has begun, and more of it is to come. */
  streams(): void;
  /** It is going to wait until its answer has left. */
  awaitsEnd(): void;
}

/** A stream that was piped into a response. */
interface Source {
  unpipe(destination: unknown): unknown;
}

type Listener = ((...parameters: unknown[]) => unknown) & { readonly listener?: unknown };

/** A call that waits for the COMMIT. */
interface HeldCall {
  readonly method: Method;
  readonly parameters: Arguments;
  readonly writes: boolean;
}

const INTERCEPTION = {
  methods: [
    ...['writeHead', 'flushHeaders', 'write', 'end'],
    ...['setHeader', 'setHeaders', 'appendHeader', 'removeHeader'],
    ...['on', 'addListener', 'off', 'removeListener'],
  ],
  facts: ['headersSent', 'writableEnded'],
};

/** Those who have been before a response that is still held. */
const heldBefore = new WeakMap<ServerResponse, HeldResponse>();

/** Which run of a view the current flow belongs to. */
const writerOfFlow = new FlowValue<Writer>();

/**
 * Keeps what a view answers from leaving before its block has been stored.
 *
 * It stands before `writeHead`, `write`, `end` and `flushHeaders` of one response. While it is
 * holding, it notes their calls, and looks to the view as a response of Node.js does: the headers are
 * sent once something was written, and the first `write` asks to wait for `drain`. `release` makes
 * the calls; `discard` forgets them, and puts status and headers back.
 *
 * From then on it lets everything through, out of any block: the writes of a session store, or the
 * listeners of `finish`, are not part of the view. What a view that was discarded still writes is
 * refused, as it must not mix with the answer that is given in its place.
 */
export class HeldResponse implements Interceptor {
  readonly #response: ServerResponse;
  readonly #limit: number;
  readonly #before: AnswerHead;
  readonly #discarded: WeakSet<Writer>;
  readonly #undo: () => void;
  #writer: Writer | undefined;
  #holding = false;
  #calls: HeldCall[] = [];
  #bytes = 0;
  /** Of the answer, once there is something of it. */
  #status: AnswerStatus | undefined;
  #ended = false;
  #drainListeners: Listener[] = [];
  readonly #sources = new Set<Source>();
  readonly #notePipe = (source: Source) => void this.#sources.add(source);

  /** @param limit - how many bytes may be held beside the first `write`. */
  constructor(response: ServerResponse, limit: number) {
    this.#response = response;
    this.#limit = limit;
    this.#before = new AnswerHead(response);
    // An earlier view of the same request may have failed, and is to be refused still.
    const before = heldBefore.get(response);
    this.#discarded = before ? before.#discarded : new WeakSet();
    response.on('pipe', this.#notePipe);
    this.#undo = intercept(response, INTERCEPTION, this);
  }

  /** The writer of the current flow, if it is one. */
  static get writer(): Writer | undefined {
    return writerOfFlow.get();
  }

  /** Holds what `body` writes. What an earlier writer wrote is forgotten. */
  hold<Result>(writer: Writer, body: () => Result): Result {
    if (this.#writer) {
      this.discard();
      this.#response.on('pipe', this.#notePipe);
    }
    this.#writer = writer;
    this.#holding = true;
    return writerOfFlow.run(writer, body);
  }

  /** Lets the answer leave. */
  release(): void {
    this.#holding = false;
    this.#status?.restore(this.#response);
    const calls = this.#calls.splice(0);
    const complete = this.#ended || calls.length === 0;
    this.#forgetPipes();
    // What comes after a stream's beginning still has to be led out of the block.
    if (complete) this.#undo();

    let flows = false;
    for (const { method, parameters, writes } of calls) {
      const result = Reflect.apply(method, this.#response, parameters);
      if (writes) flows = result !== false;
    }
    const waiting = this.#drainListeners.splice(0);
    if (flows) for (const listener of waiting) Reflect.apply(listener, this.#response, []);
  }

  /** Forgets what was written, and refuses what its writer is still going to write. */
  discard(): void {
    this.#holding = false;
    this.#calls = [];
    this.#bytes = 0;
    this.#drainListeners = [];
    this.#status = undefined;
    this.#ended = false;
    if (this.#writer) this.#discarded.add(this.#writer);
    heldBefore.set(this.#response, this);
    // They would go on into the answer that is given instead.
    for (const source of this.#forgetPipes()) source.unpipe(this.#response);
    // The flow that discards may be the one that is refused from now on.
    writerOfFlow.run(NOBODY, () => this.#restoreHead());
  }

  #forgetPipes(): Source[] {
    const sources = [...this.#sources];
    this.#sources.clear();
    this.#response.off('pipe', this.#notePipe);
    return sources;
  }

  #restoreHead(): void {
    if (!this.#response.headersSent) this.#before.restore(this.#response);
  }

  call(name: string, method: Method, parameters: Arguments): unknown {
    switch (name) {
      case 'writeHead':
        return this.#writeHead(method, parameters);
      case 'flushHeaders':
        return this.#flushHeaders(method, parameters);
      case 'write':
        return this.#write(method, parameters);
      case 'end':
        return this.#end(method, parameters);
      case 'on':
      case 'addListener':
        return this.#listen(method, parameters);
      case 'off':
      case 'removeListener':
        return this.#unlisten(method, parameters);
      default:
        return this.#changeHeaders(method, parameters);
    }
  }

  tell(name: string, original: () => unknown): unknown {
    const isTrue = name === 'headersSent' ? this.#status !== undefined : this.#ended;
    return this.#isRefused() || (this.#holding && isTrue) || original();
  }

  #isRefused(): boolean {
    const writer = writerOfFlow.get();
    return writer !== undefined && this.#discarded.has(writer);
  }

  #writeHead(method: Method, parameters: Arguments): unknown {
    if (this.#isRefused() || (this.#holding && this.#status)) throw headersSentError();
    if (!this.#holding) return this.#through(method, parameters);

    const [status, reason] = parameters;
    assertHead(status, typeof reason === 'string' ? parameters[2] : reason);
    this.#response.statusCode = Number(status);
    if (typeof reason === 'string') this.#response.statusMessage = reason;
    this.#note(method, parameters);
    return this.#response;
  }

  #flushHeaders(method: Method, parameters: Arguments): unknown {
    if (this.#isRefused()) return undefined;
    if (!this.#holding) return this.#through(method, parameters);

    assertHead(this.#response.statusCode, undefined);
    this.#note(method, parameters);
    this.#writer?.streams();
    return undefined;
  }

  #write(method: Method, parameters: Arguments): unknown {
    if (this.#isRefused()) return refuse(parameters);
    if (!this.#holding) return this.#through(method, parameters);

    const [chunk] = parameters;
    assertChunk(chunk);
    if (this.#ended) return refuse(parameters);
    if (this.#bytes > this.#limit) return this.#cut(parameters);
    if (!this.#status) assertHead(this.#response.statusCode, undefined);
    this.#bytes += Buffer.byteLength(chunk);
    this.#note(method, parameters, true);
    this.#writer?.streams();
    return false;
  }

  #end(method: Method, parameters: Arguments): unknown {
    if (this.#isRefused()) {
      refuse(parameters);
      return this.#response;
    }
    if (!this.#holding) return this.#through(method, parameters);

    const [chunk] = parameters;
    if (chunk !== undefined && chunk !== null && typeof chunk !== 'function') assertChunk(chunk);
    if (this.#ended) {
      refuse(parameters);
      return this.#response;
    }
    if (!this.#status) assertHead(this.#response.statusCode, undefined);
    if (parameters.some((parameter) => typeof parameter === 'function')) this.#writer?.awaitsEnd();
    this.#note(method, parameters);
    this.#ended = true;
    this.#writer?.answered();
    return this.#response;
  }

  #changeHeaders(method: Method, parameters: Arguments): unknown {
    if (this.#isRefused() || (this.#holding && this.#status)) throw headersSentError();
    return Reflect.apply(method, this.#response, parameters);
  }

  /**
   * Who waits for `drain` is told of it by `release` itself: compression takes these listeners away
   * to a stream of its own, which has nothing to drain where nothing was written to it. And a view that
   * waits for its answer to leave must not be waited for: `pipeline()` is one, and `response.sendFile()`.
   */
  #listen(method: Method, parameters: Arguments): unknown {
    const [event, listener] = parameters;
    if (this.#holding && event === 'drain') this.#drainListeners.push(listener as Listener);
    if (this.#holding && writerOfFlow.get() === this.#writer) {
      // Who listens for `close` before has something to tidy up, whenever that may be.
      if (event === 'finish' || (event === 'close' && this.#ended)) this.#writer?.awaitsEnd();
    }
    return Reflect.apply(method, this.#response, parameters);
  }

  #unlisten(method: Method, parameters: Arguments): unknown {
    const [event, listener] = parameters;
    if (event === 'drain') {
      this.#drainListeners = this.#drainListeners.filter(
        (each) => each !== listener && each.listener !== listener,
      );
    }
    return Reflect.apply(method, this.#response, parameters);
  }

  #note(method: Method, parameters: Arguments, writes = false): void {
    // The status is that of now, whatever the view sets it to later.
    this.#status ??= new AnswerStatus(this.#response);
    this.#calls.push({ method, parameters, writes });
  }

  /** Ends an answer of which too much would have to be held: nobody waited for `drain`. */
  #cut(parameters: Arguments): boolean {
    logger().error(
      `A response was cut off: its view wrote more than ${this.#limit} bytes while its transaction was ` +
        "being committed. Wait for 'drain' where write() returns false, as pipe() does, or allow " +
        'more by the option "maxHeld".',
      undefined,
    );
    this.#calls = [];
    this.#ended = true;
    this.#response.destroy();
    return refuse(parameters);
  }

  #through(method: Method, parameters: Arguments): unknown {
    return transaction.outside(() => Reflect.apply(method, this.#response, parameters));
  }
}

/** A writer that nobody refuses. */
const NOBODY: Writer = { answered() {}, streams() {}, awaitsEnd() {} };

/** Runs `body` as what is no part of the view whose flow this is: neither in its block, nor refused with it. */
export function outsideOfView<Result>(body: () => Result): Result {
  return transaction.outside(() => writerOfFlow.run(NOBODY, body));
}

/** Has a write come to nothing, and tells its callback so. */
function refuse(parameters: Arguments): false {
  const callback = parameters.findLast((parameter) => typeof parameter === 'function');
  if (callback) {
    const error = Object.assign(new Error('write after end'), {
      code: 'ERR_STREAM_WRITE_AFTER_END',
    });
    process.nextTick(callback as Method, error);
  }
  return false;
}

function headersSentError(): Error {
  const message = 'Cannot set headers after they are sent to the client';
  return Object.assign(new Error(message), { code: 'ERR_HTTP_HEADERS_SENT' });
}

function assertChunk(chunk: unknown): asserts chunk is string | Uint8Array {
  if (typeof chunk === 'string' || (isObject(chunk) && chunk instanceof Uint8Array)) return;
  throw Object.assign(
    new TypeError('The "chunk" argument must be a string or an instance of Buffer or Uint8Array'),
    { code: chunk === null ? 'ERR_STREAM_NULL_VALUES' : 'ERR_INVALID_ARG_TYPE' },
  );
}
