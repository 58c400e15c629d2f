import { types } from 'node:util';
import { isObject, peek } from '../base/index.js';

/** What a login was tried with, without its secrets. */
export type CleanedCredentials = Readonly<Record<string, unknown>>;

/** Django's: the names of what is a secret. */
const SECRET = /api|token|key|secret|password|signature/i;
/** Django's: what stands in the place of a secret. */
const CLEANSED = '********************';

/**
 * A copy of what somebody tried to log in with, where stars stand for each secret: for what has `api`,
 * `token`, `key`, `secret`, `password` or `signature` in its name, at any depth. These are Django's words.
 *
 * @remarks
 * The copy is made of plain objects, arrays, Maps, Sets and dates, so that nothing leads back to what it was
 * made of: of an object with a class it has the own properties. Functions are left out, and stars stand for
 * bytes, as nobody can see what is in them. A text is left as it is, whatever is in it.
 *
 * @example
 * ```ts
 * import { cleanCredentials } from 'sequelize-signals/auth';
 *
 * cleanCredentials({ username: 'ada', password: 'lovelace' });
 * // { username: 'ada', password: '********************' }
 * ```
 */
export function cleanCredentials(credentials: object): CleanedCredentials {
  const cleaning = new Cleaning();
  const cleaned = cleaning.ofEntries(credentials);
  cleaning.finish();
  return cleaned;
}

/**
 * One copy in the making. What is found inside is put off and not visited at once: a request may be nested
 * so deeply that a function which calls itself would run out of stack.
 */
class Cleaning {
  readonly #copies = new Map<object, object>();
  readonly #putOff: (() => void)[] = [];

  /** A plain object with the entries of any object, which are filled in by `finish`. */
  ofEntries(source: object): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    return this.#later(source, copy, () => {
      for (const [name, value] of entriesOf(source)) {
        // An assignment to `__proto__` would change the prototype.
        Object.defineProperty(copy, String(name), {
          value: this.#ofEntry(name, value),
          enumerable: true,
          configurable: true,
          writable: true,
        });
      }
    });
  }

  finish(): void {
    for (let fill = this.#putOff.pop(); fill; fill = this.#putOff.pop()) fill();
  }

  #ofEntry(name: unknown, value: unknown): unknown {
    return !isObject(name) && SECRET.test(String(name)) ? CLEANSED : this.#of(value);
  }

  #of(value: unknown): unknown {
    if (typeof value === 'function') return undefined;
    if (!isObject(value)) return value;
    if (types.isDate(value)) return new Date(value);
    if (types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value)) return CLEANSED;
    return this.#copies.get(value) ?? this.#ofObject(value);
  }

  #ofObject(source: object): object {
    if (Array.isArray(source)) {
      const copy: unknown[] = [];
      return this.#later(source, copy, () => {
        for (const value of source) copy.push(this.#of(value));
      });
    }
    if (types.isSet(source)) {
      const copy = new Set<unknown>();
      return this.#later(source, copy, () => {
        for (const value of source) copy.add(this.#of(value));
      });
    }
    if (types.isMap(source)) {
      const copy = new Map<unknown, unknown>();
      return this.#later(source, copy, () => {
        for (const [name, value] of source) copy.set(this.#of(name), this.#ofEntry(name, value));
      });
    }
    return this.ofEntries(source);
  }

  #later<Copy extends object>(source: object, copy: Copy, fill: () => void): Copy {
    this.#copies.set(source, copy);
    this.#putOff.push(fill);
    return copy;
  }
}

function entriesOf(source: object): Iterable<readonly [name: unknown, value: unknown]> {
  if (types.isMap(source)) return source;
  return Object.keys(source)
    .filter((name) => typeof peek(source, name) !== 'function')
    .map((name) => [name, peek(source, name)]);
}
