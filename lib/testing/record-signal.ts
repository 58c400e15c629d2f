import { SignalsError } from '../errors.js';
import type { Signal, SignalEvent } from '../signals/index.js';

/** Options of `recordSignal`. */
export interface RecordSignalOptions<Sender = unknown> {
  /** Records only what this sender sends, as in `connect`. */
  readonly sender?: Sender | null | undefined;
}

/** What was sent since the recording began. Disposing of it ends the recording; it stays readable. */
export interface SignalRecording<Event> extends Disposable {
  /** The events, oldest first, as a receiver got them. */
  readonly events: readonly Event[];
  /** How many events there are. */
  readonly count: number;
  /**
   * Resolves to the next event that is sent after this call.
   *
   * @throws {@link SignalsError} when the recording ends before.
   */
  next(): Promise<Event>;
}

/**
 * Records what a signal sends, by a receiver of its own: last in the order of connection, and not
 * muted by a mute that began before.
 *
 * @example
 * ```ts
 * import { Signal } from 'sequelize-signals';
 * import { recordSignal } from 'sequelize-signals/testing';
 *
 * const orderPaid = new Signal<{ total: number }>({ name: 'orderPaid' });
 *
 * using paid = recordSignal(orderPaid);
 * await orderPaid.send('shop', { total: 12 });
 * console.log(paid.count, paid.events[0]?.total);
 * ```
 * @throws {@link InvalidArgumentError} when an option is unknown or of the wrong kind.
 */
export function recordSignal<Payload extends object, Sender = unknown>(
  signal: Signal<Payload>,
  options: RecordSignalOptions<Sender> = {},
): SignalRecording<SignalEvent<Payload, Sender>> {
  return new Recording<Payload, Sender>(signal, options);
}

interface Waiting<Event> {
  readonly resolve: (event: Event) => void;
  readonly reject: (error: Error) => void;
}

class Recording<Payload extends object, Sender>
  implements SignalRecording<SignalEvent<Payload, Sender>>
{
  readonly events: SignalEvent<Payload, Sender>[] = [];
  readonly #name: string;
  readonly #disconnect: () => boolean;
  #waiting: Waiting<SignalEvent<Payload, Sender>>[] = [];
  #ended = false;

  constructor(signal: Signal<Payload>, options: RecordSignalOptions<Sender>) {
    this.#name = signal.name;
    const record = (event: SignalEvent<Payload, Sender>): void => {
      this.events.push(event);
      for (const { resolve } of this.#waiting.splice(0)) resolve(event);
    };
    this.#disconnect = signal.connect<Sender>(record, options);
  }

  get count(): number {
    return this.events.length;
  }

  async next(): Promise<SignalEvent<Payload, Sender>> {
    if (this.#ended) throw this.#endedError();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  [Symbol.dispose](): void {
    this.#disconnect();
    this.#ended = true;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#endedError());
  }

  #endedError(): SignalsError {
    return new SignalsError(
      'SIGNALS_RECORDING_ENDED',
      `The recording of ${this.#name} has ended, and there is no next event. Call next() before, and await it.`,
    );
  }
}
