import type { Connection, ConnectionHome } from './connection.js';
import type { IdentityKey } from './identity-key.js';

/** Whom a bucket tells that its connections are no longer the same. */
export interface BucketOwner {
  bucketChanged(bucket: Bucket): void;
}

/** The connections for one sender, or for any sender, in the order in which they were made. */
export class Bucket implements ConnectionHome {
  /** The sender where it is a primitive. Any other sender is left out: it must be free to die. */
  readonly primitive: unknown;
  readonly #owner: BucketOwner;
  readonly #connections = new Map<IdentityKey, Connection>();
  #snapshot: readonly Connection[] | undefined;

  constructor(owner: BucketOwner, primitive?: unknown) {
    this.#owner = owner;
    this.primitive = primitive;
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Finds a connection by its identity. */
  get(key: IdentityKey): Connection | undefined {
    return this.#connections.get(key);
  }

  add(connection: Connection): void {
    this.#connections.set(connection.key, connection);
    this.#changed();
  }

  remove(connection: Connection): boolean {
    // The same identity may have been connected anew, and that is another connection.
    if (this.#connections.get(connection.key) !== connection) return false;

    this.#connections.delete(connection.key);
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

  #changed(): void {
    this.#snapshot = undefined;
    this.#owner.bucketChanged(this);
  }
}
