import { isDeepStrictEqual, types } from 'node:util';

/**
 * A copy of a value that is made of plain objects, arrays, dates and bytes, to compare it with
 * later. What has a class of its own is left as it is: there is no telling how to copy it.
 */
export function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  if (types.isDate(value)) return new Date(value);
  // Not value.slice(), by which a Buffer shares its memory.
  if (types.isUint8Array(value)) return Uint8Array.prototype.slice.call(value);
  return isPlain(value) ? copyOfPlain(value) : value;
}

/** Whether a value is still what it was when `copyOf` made the copy. */
export function isSame(copy: unknown, value: unknown): boolean {
  return Object.is(copy, value) || isDeepStrictEqual(copy, value);
}

/** Whether an object has no class of its own, in whatever realm it was made. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function copyOfPlain(value: object): object {
  const copy: object = Object.create(Object.getPrototypeOf(value));
  for (const [key, one] of Object.entries(value)) {
    Object.defineProperty(copy, key, { value: copyOf(one), enumerable: true });
  }
  return copy;
}
