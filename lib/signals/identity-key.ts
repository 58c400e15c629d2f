import type { AnyReceiver } from './hold.js';

/**
 * What makes two connections for one sender the same, as one value (D-004). It refers neither to
 * the receiver nor to its `this`, and so keeps none of them alive.
 */
export type IdentityKey = string | symbol | object;

const keyOfReceiver = new WeakMap<AnyReceiver, object>();
const keysByThisOfReceiver = new WeakMap<AnyReceiver, WeakMap<object, object>>();

/** The key of a receiver, or of a receiver that is called on `thisArg`. Each has one for life. */
export function identityKey(receiver: AnyReceiver, thisArg: object | undefined): IdentityKey {
  if (thisArg === undefined) return obtain(keyOfReceiver, receiver, () => ({}));

  const keyByThis = obtain(keysByThisOfReceiver, receiver, () => new WeakMap<object, object>());
  return obtain(keyByThis, thisArg, () => ({}));
}

function obtain<Key extends object, Value>(
  map: WeakMap<Key, Value>,
  key: Key,
  make: () => Value,
): Value {
  const known = map.get(key);
  if (known !== undefined) return known;

  const made = make();
  map.set(key, made);
  return made;
}
