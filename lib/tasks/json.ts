import { isPlain, show } from '../base/index.js';
import { NotJsonError } from './task-errors.js';

/** What JSON can say. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

/**
 * A copy of `value` as it comes out of JSON, which nobody else has: what the caller changes later is
 * not seen in it. As in JSON, `undefined` is left out of an object, and `null` elsewhere.
 *
 * @param path - names the value in messages.
 * @throws {@link NotJsonError} which names the place of what is not JSON.
 */
export function asJson(value: unknown, path: string): Json {
  return copyOf(value, path, []);
}

function copyOf(value: unknown, path: string, around: readonly object[]): Json {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return finite(value, path);
  if (typeof value !== 'object') throw notJson(value, path);
  if (around.includes(value)) {
    throw new NotJsonError(`${path} contains itself, which JSON cannot say.`);
  }
  const inside = [...around, value];
  if (Array.isArray(value)) {
    return Array.from(value, (one, index) => copyOf(one, `${path}[${index}]`, inside));
  }
  if (!isPlain(value)) throw notJson(value, path);
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(
    entries.map(([key, one]) => [key, copyOf(one, pathTo(path, key), inside)]),
  );
}

function finite(value: number, path: string): number {
  if (Number.isFinite(value)) return Object.is(value, -0) ? 0 : value;
  throw notJson(value, path);
}

function pathTo(path: string, key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

function notJson(value: unknown, path: string): NotJsonError {
  return new NotJsonError(`${path} is ${show(value)}, which is not JSON. ${adviceFor(value)}`);
}

/** What to do about a value, as far as it can be told. */
function adviceFor(value: unknown): string {
  if (value instanceof Date) return 'Pass value.toISOString(), and make a Date of it in the task.';
  if (typeof value === 'bigint') return 'Pass String(value).';
  if (typeof value === 'number') return 'Pass null, or a finite number.';
  if (typeof value === 'object' && value !== null && 'isNewRecord' in value) {
    return 'Pass its primary key, and load it in the task: by then it may have changed.';
  }
  return 'Pass text, numbers, booleans, null, and arrays and plain objects of these.';
}
