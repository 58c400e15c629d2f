import type { Connection, ConnectionHome, SignalIdentity } from './connection.js';
import { type IdentityKey, knownStandIn } from './identity-key.js';
import { listLiveConnectionsOf } from './live-connections.js';

/** Whom a bucket tells that its connections are no longer the same. */
export interface BucketOwner {
  readonly signal: SignalIdentity;
  bucketChanged(bucket: Bucket): void;
}

/** The connections for one sender, or for any sender, in the order in which they were made. */
export class Bucket implements ConnectionHome {
  /** The sender where it is a primitive. Any other sender is left out: it must be free to die. */
  readonly primitive: unknown;
  readonly #owner: BucketOwner;
  readonly #connections = new Map<IdentityKey, Connection>();
  #byOrder: Map<number, Connection> | undefined;
  #snapshot: readonly Connection[] | undefined;
  #weakly: WeakRef<Bucket> | undefined;

  constructor(owner: BucketOwner, primitive?: unknown) {
    this.#owner = owner;
    this.primitive = primitive;
  }

  get signal(): SignalIdentity {
    return this.#owner.signal;
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Finds a connection by its identity. */
  get(key: IdentityKey): Connection | undefined {
    const known = this.#connections.get(key);
    if (known !== undefined) return known;

    const standIn = knownStandIn(key);
    return standIn && this.#connections.get(standIn);
  }

  connectionOfOrder(order: number): Connection | undefined {
    // Not before it is asked for: most undo functions are never called.
    this.#byOrder ??= new Map(this.snapshot().map((connection) => [connection.order, connection]));
    return this.#byOrder.get(order);
  }

  add(connection: Connection): void {
    // Not before: most buckets for any sender stay empty.
    this.weakly();
    this.#connections.set(connection.homeKey, connection);
    this.#byOrder?.set(connection.order, connection);
    this.#changed();
  }

  remove(connection: Connection): boolean {
    // The same identity may have been connected anew, and that is another connection.
    if (this.#connections.get(connection.homeKey) !== connection) return false;

    this.#connections.delete(connection.homeKey);
    this.#byOrder?.delete(connection.order);
    this.#changed();
    return true;
  }

  /** True when at least one receiver is alive. */
  hasLiveReceiver(): boolean {
    for (const connection of this.#connections.values()) {
      if (connection.receiver() !== undefined) return true;
    }
    return false;
  }

  /** The connections as they are now, in an array that never changes. */
  snapshot(): readonly Connection[] {
    this.#snapshot ??= [...this.#connections.values()];
    return this.#snapshot;
  }

  /** The reference by which it is listed, for whoever must not keep it alive either. */
  weakly(): WeakRef<Bucket> {
    this.#weakly ??= listLiveConnectionsOf(this);
    return this.#weakly;
  }

  #changed(): void {
    this.#snapshot = undefined;
    this.#owner.bucketChanged(this);
  }
}
