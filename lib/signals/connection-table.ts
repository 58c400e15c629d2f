import { isObject } from '../base/index.js';
import { Bucket, type BucketOwner } from './bucket.js';
import {
  byOrder,
  type Connection,
  type ConnectionRequest,
  type SignalIdentity,
} from './connection.js';
import type { IdentityKey } from './identity-key.js';
import { makeConnection } from './make-connection.js';

const NONE: readonly Bucket[] = [];

/**
 * The connections of one signal. Connecting and disconnecting cost the same whatever their
 * number: what a send needs is put together by the first send after a change. Senders are keys
 * only, so that none is kept alive or mistaken for another (D-041, J-07).
 */
export class ConnectionTable implements BucketOwner {
  readonly signal: SignalIdentity;
  readonly #anySender: Bucket = new Bucket(this);
  readonly #byObject = new WeakMap<object, Bucket>();
  readonly #byPrimitive = new Map<unknown, Bucket>();
  readonly #aliasesOf: (sender: unknown) => readonly unknown[];
  // One map, dropped as a whole when an any-sender receiver comes or goes: outdated arrays left
  // in the buckets of many senders would keep disconnected receivers alive.
  #merged: WeakMap<Bucket, readonly Connection[]> | undefined;

  constructor(signal: SignalIdentity, aliasesOf: (sender: unknown) => readonly unknown[]) {
    this.signal = signal;
    this.#aliasesOf = aliasesOf;
  }

  /** Connects, and returns the connection unless there is one of the same identity (D-004). */
  connect(sender: unknown, request: ConnectionRequest): Connection | undefined {
    const known = this.#find(sender, request.key);
    if (known?.receiver() !== undefined) return undefined;

    // A uid may still be taken by a receiver that has died and was not purged yet.
    known?.disconnect();
    const bucket = this.#bucketFor(sender);
    const connection = makeConnection(bucket, request);
    bucket.add(connection);
    return connection;
  }

  /** Ends the connection of that identity, whatever name it knows the sender by. */
  disconnect(sender: unknown, key: IdentityKey): boolean {
    let ended = this.#find(sender, key)?.disconnect() ?? false;
    for (const alias of this.#aliasesOf(sender)) {
      ended = (this.#find(alias, key)?.disconnect() ?? false) || ended;
    }
    return ended;
  }

  /** True when a send by `sender` would reach a living receiver. */
  hasLiveReceiver(sender: unknown): boolean {
    return (
      this.#anySender.hasLiveReceiver() ||
      !!this.#bucketOf(sender)?.hasLiveReceiver() ||
      this.#bucketsOfAliases(sender).some((bucket) => bucket.hasLiveReceiver())
    );
  }

  /** The connections that a send by `sender` reaches, oldest first, in an array never changed. */
  connectionsFor(sender: unknown): readonly Connection[] {
    const bucket = this.#bucketOf(sender);
    const others = this.#bucketsOfAliases(sender);
    if (others.length > 0) return this.#mergedWithAliases(bucket, others);

    const forAny = this.#anySender.snapshot();
    if (bucket === undefined) return forAny;
    const forSender = bucket.snapshot();
    if (forAny.length === 0) return forSender;
    return forSender.length === 0 ? forAny : this.#mergedWithAnySender(bucket);
  }

  /** Called by a bucket that changed. */
  bucketChanged(bucket: Bucket): void {
    if (bucket === this.#anySender) this.#merged = undefined;
    else this.#merged?.delete(bucket);

    if (bucket.size === 0) this.#byPrimitive.delete(bucket.primitive);
  }

  #find(sender: unknown, key: IdentityKey): Connection | undefined {
    const bucket = isAnySender(sender) ? this.#anySender : this.#bucketOf(sender);
    return bucket?.get(key);
  }

  #bucketOf(sender: unknown): Bucket | undefined {
    return isObject(sender) ? this.#byObject.get(sender) : this.#byPrimitive.get(sender);
  }

  #bucketFor(sender: unknown): Bucket {
    if (isAnySender(sender)) return this.#anySender;
    const known = this.#bucketOf(sender);
    if (known !== undefined) return known;

    const made = isObject(sender) ? new Bucket(this) : new Bucket(this, sender);
    if (isObject(sender)) this.#byObject.set(sender, made);
    else this.#byPrimitive.set(sender, made);
    return made;
  }

  #bucketsOfAliases(sender: unknown): readonly Bucket[] {
    // Each send comes by here, and hardly any sender is known by two names.
    let buckets = NONE;
    for (const alias of this.#aliasesOf(sender)) {
      const bucket = this.#bucketOf(alias);
      if (bucket !== undefined) buckets = [...buckets, bucket];
    }
    return buckets;
  }

  #mergedWithAliases(bucket: Bucket | undefined, others: readonly Bucket[]): readonly Connection[] {
    const ofSender = [bucket, ...others].flatMap((each) => each?.snapshot() ?? []);
    return mergeByOrder(oldestOfEachIdentity(ofSender), this.#anySender.snapshot());
  }

  #mergedWithAnySender(bucket: Bucket): readonly Connection[] {
    this.#merged ??= new WeakMap();
    const known = this.#merged.get(bucket);
    if (known !== undefined) return known;

    const merged = mergeByOrder(bucket.snapshot(), this.#anySender.snapshot());
    this.#merged.set(bucket, merged);
    return merged;
  }
}

function isAnySender(sender: unknown): sender is null | undefined {
  return sender === undefined || sender === null;
}

function mergeByOrder(
  some: readonly Connection[],
  others: readonly Connection[],
): readonly Connection[] {
  return [...some, ...others].sort(byOrder);
}

/** A receiver that is connected under several names of a sender is called once. */
function oldestOfEachIdentity(connections: readonly Connection[]): readonly Connection[] {
  const oldest = new Map<IdentityKey, Connection>();
  for (const connection of mergeByOrder(connections, [])) {
    if (connection.receiver() === undefined || oldest.has(connection.key)) continue;
    oldest.set(connection.key, connection);
  }
  return [...oldest.values()];
}
