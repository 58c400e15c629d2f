import { obtain } from '../base/index.js';
import type { AnyReceiver } from './receiver.js';

/**
 * The identity of a connection among those for the same sender, as one value that a Map can look
 * up (D-004). It is the `dispatchUid` where there is one. Else it is the receiver, or an empty
 * object that stands for the receiver together with the `this` that it is called on.
 *
 * A receiver has an empty object that stands for it alone, too. Whoever lists a weak receiver takes
 * that as the key: a Map keeps its keys alive, and a stand-in refers to nothing.
 */
export type IdentityKey = string | symbol | object;

const standIns = new WeakMap<AnyReceiver, object>();
const standInsByThis = new WeakMap<AnyReceiver, WeakMap<object, object>>();

/** The key of a receiver that is called on `thisArg`, or on nothing. */
export function identityKey(receiver: AnyReceiver, thisArg: object | undefined): IdentityKey {
  if (thisArg === undefined) return receiver;

  const byThis = obtain(standInsByThis, receiver, () => new WeakMap<object, object>());
  return obtain(byThis, thisArg, () => ({}));
}

/** The same identity as a key that keeps nothing alive: the stand-in, if `key` is a receiver. */
export function weakKey(key: IdentityKey): IdentityKey {
  return isReceiver(key) ? obtain(standIns, key, () => ({})) : key;
}

/** What `weakKey` has returned for a receiver, if it was ever asked. It makes nothing. */
export function knownStandIn(key: IdentityKey): object | undefined {
  return isReceiver(key) ? standIns.get(key) : undefined;
}

function isReceiver(key: IdentityKey): key is AnyReceiver {
  return typeof key === 'function';
}
