import {
  ANYTHING,
  checkOptions,
  InvalidArgumentError,
  type OptionRules,
  SignalsError,
} from '../base/index.js';
import {
  type AnySenderOf,
  checkNoSender,
  type EventOf,
  givenSenders,
  type SenderOf,
  Signal,
  showNoSignal,
} from '../signals/index.js';

/** Options of `recordSignal`. */
export interface RecordSignalOptions<Sender = unknown> {
  /** Records only what this sender sends, or those in an array, as in `connect`. */
  readonly sender?: Sender | readonly Sender[] | null;
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
 * @throws {@link InvalidArgumentError} when it is given something else than a signal, or an option
 * that is unknown or of the wrong kind.
 */
export function recordSignal<
  Recorded extends Signal<object>,
  Sender extends SenderOf<Recorded> = AnySenderOf<Recorded>,
>(
  signal: Recorded,
  options: RecordSignalOptions<Sender> = {},
): SignalRecording<EventOf<Recorded, Sender>> {
  if (!(signal instanceof Signal)) {
    throw new InvalidArgumentError(`recordSignal() needs a Signal, not ${showNoSignal(signal)}`);
  }
  checkNoSender('recordSignal(signal', options, Object.keys(RULES));
  checkOptions('recordSignal()', options, RULES);
  givenSenders('recordSignal()', options);
  return new Recording(signal, options);
}

const RULES: OptionRules = { sender: ANYTHING };

/** Somebody who awaits the next event. */
interface Waiting<Event> {
  readonly resolve: (event: Event) => void;
  readonly reject: (error: Error) => void;
}

class Recording<Event> implements SignalRecording<Event> {
  readonly events: Event[] = [];
  readonly #name: string;
  readonly #disconnect: () => boolean;
  readonly #waiting: Waiting<Event>[] = [];
  #ended = false;

  constructor(signal: Signal<object>, options: RecordSignalOptions) {
    this.#name = signal.name;
    const record = (event: object): void => this.#record(event as Event);
    this.#disconnect = signal.connect(record, options);
  }

  get count(): number {
    return this.events.length;
  }

  next(): Promise<Event> {
    if (this.#ended) return Promise.reject(this.#endedError());
    const next = new Promise<Event>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    // Who no longer waits when the recording ends does not care.
    next.catch(() => {});
    return next;
  }

  [Symbol.dispose](): void {
    this.#disconnect();
    this.#ended = true;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#endedError());
  }

  #record(event: Event): void {
    this.events.push(event);
    for (const { resolve } of this.#waiting.splice(0)) resolve(event);
  }

  #endedError(): SignalsError {
    return new SignalsError(
      'SIGNALS_RECORDING_ENDED',
      `The recording of ${this.#name} has ended, and there is no next event. Call next() before, and await it.`,
    );
  }
}
