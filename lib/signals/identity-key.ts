import { obtain } from '../base/index.js';
import type { AnyReceiver } from './any-receiver.js';

/**
 * What makes two connections for one sender the same, as one value (D-004): a dispatchUid, a
 * receiver, or what stands in for a receiver. A stand-in refers neither to the receiver nor to its
 * `this`, and so keeps none of them alive.
 */
export type IdentityKey = string | symbol | object;

const standIns = new WeakMap<AnyReceiver, object>();
const standInsByThis = new WeakMap<AnyReceiver, WeakMap<object, object>>();

/** The key of a receiver, which is the receiver itself, or of one that is called on `thisArg`. */
export function identityKey(receiver: AnyReceiver, thisArg: object | undefined): IdentityKey {
  if (thisArg === undefined) return receiver;

  const byThis = obtain(standInsByThis, receiver, () => new WeakMap<object, object>());
  return obtain(byThis, thisArg, () => ({}));
}

/** The same key for whoever must keep nothing alive: a stand-in, where it is a receiver. */
export function weakKey(key: IdentityKey): IdentityKey {
  return isReceiver(key) ? obtain(standIns, key, () => ({})) : key;
}

/** What stands in for a receiver, if anyone has asked for it yet. */
export function knownStandIn(key: IdentityKey): object | undefined {
  return isReceiver(key) ? standIns.get(key) : undefined;
}

function isReceiver(key: IdentityKey): key is AnyReceiver {
  return typeof key === 'function';
}
