import type { ReceiverHandle } from './receiver-handle.js';

/** What the connections of one connect with `once` share: the first call ends them all. */
export class Once {
  readonly #handles: ReceiverHandle[] = [];
  #isClaimed = false;

  /** Has a connection end with the first call of any. */
  add(handle: ReceiverHandle): void {
    this.#handles.push(handle);
  }

  /** Whether this is the first call. An overlapping send has them in its snapshot though they ended. */
  claim(): boolean {
    if (this.#isClaimed) return false;
    this.#isClaimed = true;
    for (const handle of this.#handles) handle.disconnect();
    return true;
  }
}
