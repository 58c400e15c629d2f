import { type ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http';

/** The status of a response at one moment. */
export class AnswerStatus {
  readonly #code: number;
  readonly #message: string | undefined;

  constructor(response: ServerResponse) {
    this.#code = response.statusCode;
    // HTTP/2 has none, and its responses warn of whoever asks for it.
    this.#message = 'stream' in response ? undefined : response.statusMessage;
  }

  restore(response: ServerResponse): void {
    response.statusCode = this.#code;
    if ('stream' in response || response.statusMessage === this.#message) return;
    response.statusMessage = this.#message ?? '';
  }
}

/** The status and the headers of a response at one moment, so that it can be made to have them again. */
export class AnswerHead {
  readonly #status: AnswerStatus;
  readonly #headers: ReadonlyMap<string, number | string | readonly string[]>;

  constructor(response: ServerResponse) {
    this.#status = new AnswerStatus(response);
    this.#headers = headersOf(response);
  }

  /** Undoes what was done since to the status and the headers, of which none may have been sent. */
  restore(response: ServerResponse): void {
    this.#status.restore(response);
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    for (const [name, value] of this.#headers) response.setHeader(name, copyOf(value));
  }
}

/** What the types of Node.js show of requests alone. */
interface RawHeaders {
  getRawHeaderNames(): string[];
}

function headersOf(response: ServerResponse): Map<string, number | string | readonly string[]> {
  const headers = new Map<string, number | string | readonly string[]>();
  // Responses of HTTP/2 do not tell in which letters a name was written, as it has but one way.
  const raw: ServerResponse & Partial<RawHeaders> = response;
  const names = raw.getRawHeaderNames?.() ?? response.getHeaderNames();
  for (const name of names) {
    const value = response.getHeader(name);
    if (value !== undefined) headers.set(name, copyOf(value));
  }
  return headers;
}

/** A value of its own: `appendHeader` adds to the array that it finds. */
function copyOf<Value extends number | string | readonly string[]>(value: Value): Value {
  return (Array.isArray(value) ? [...value] : value) as Value;
}

/**
 * Throws what Node.js would throw at a `writeHead`, which is not called before the COMMIT: an error
 * must not come after it.
 */
export function assertHead(status: unknown, headers: unknown): void {
  const code = Number(status);
  if (!Number.isInteger(code) || code < 100 || code > 999) {
    throw Object.assign(new RangeError(`Invalid status code: ${String(status)}`), {
      code: 'ERR_HTTP_INVALID_STATUS_CODE',
    });
  }
  for (const [name, value] of pairsOf(headers)) {
    validateHeaderName(name);
    for (const each of Array.isArray(value) ? value : [value]) validateHeaderValue(name, each);
  }
}

/** Headers as `writeHead` takes them: an object, a list of pairs, or one list of names and values. */
function pairsOf(headers: unknown): [name: string, value: string][] {
  if (!Array.isArray(headers)) return Object.entries(Object(headers));
  if (headers.every((each) => Array.isArray(each))) return headers as [string, string][];
  return headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]]] : []));
}
