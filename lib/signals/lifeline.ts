import { type Abortable, unwatchAbort, watchAbort } from './abort-watch.js';
import type { Connection, Releasable } from './connection.js';
import type { ConnectionHandle } from './connection-handle.js';

// Tells of dead receivers, and of connections that were collected with their sender or signal.
const collected = new FinalizationRegistry<Lifeline>((lifeline) => lifeline.disconnect());

/** Ends a connection with what it depends on: a weak receiver, or an abort signal. */
export class Lifeline implements Abortable, Releasable {
  readonly #handle: ConnectionHandle;
  readonly #abortSignal: AbortSignal | undefined;

  constructor(
    connection: Connection,
    mortal: object | undefined,
    abortSignal: AbortSignal | undefined,
  ) {
    this.#handle = connection.handle();
    this.#abortSignal = abortSignal;
    collected.register(connection, this, this);
    if (mortal !== undefined) collected.register(mortal, this, this);
    if (abortSignal !== undefined) watchAbort(abortSignal, this);
  }

  /** Ends the connection; false when it had ended before. */
  disconnect(): boolean {
    if (this.#handle.disconnect()) return true;

    // A connection that was collected cannot have called this.
    this.release();
    return false;
  }

  /** Lets go of everything that refers to this lifeline, so that nothing piles up (D-043). */
  release(): void {
    collected.unregister(this);
    if (this.#abortSignal !== undefined) unwatchAbort(this.#abortSignal, this);
  }
}
