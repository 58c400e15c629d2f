import { type Abortable, unwatchAbort, watchAbort } from './abort-watch.js';
import type { ConnectedReceiver } from './connected-receiver.js';
import type { ReceiverHandle } from './receiver-handle.js';

// Called when a weak receiver has died, or the object that it lived with. It is called as well when
// a connected receiver was collected without ever having been disconnected, because its sender or
// its signal has gone.
const collected = new FinalizationRegistry<Lifetime>((lifetime) => lifetime.disconnect());

/** Disconnects a receiver at the end of what it depends on: a mortal object, or an abort signal. */
export class Lifetime implements Abortable {
  readonly #handle: ReceiverHandle;
  readonly #abortSignal: AbortSignal | undefined;

  constructor(
    connected: ConnectedReceiver,
    mortal: object | undefined,
    abortSignal: AbortSignal | undefined,
  ) {
    this.#handle = connected.handle();
    this.#abortSignal = abortSignal;
    collected.register(connected, this, this);
    if (mortal !== undefined) collected.register(mortal, this, this);
    if (abortSignal !== undefined) watchAbort(abortSignal, this);
  }

  /** Disconnects the receiver; false when that had happened before. */
  disconnect(): boolean {
    if (this.#handle.disconnect()) return true;

    // The disconnect of the receiver releases this, but nobody calls that of one that was collected.
    this.release();
    return false;
  }

  /** Lets go of everything that refers to this lifetime, so that nothing piles up (D-043). */
  release(): void {
    collected.unregister(this);
    if (this.#abortSignal !== undefined) unwatchAbort(this.#abortSignal, this);
  }
}
