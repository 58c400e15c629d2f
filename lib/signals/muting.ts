import { FlowValue, isThenable } from '../base/index.js';
import { type ConnectedReceiver, newestOrder } from './connected-receiver.js';
import type { AnyReceiver } from './receiver.js';
import type { ReceiverTable } from './receiver-table.js';
import { isNamed } from './sender-names.js';
import type { Sending } from './sending.js';
import type { Signal } from './signal.js';

/** What is to be muted. Receivers that are connected later are not: they still run (D-317). */
export interface Mute {
  readonly signal: Signal<object>;
  /** Mutes only what this sender sends; left out, whatever is sent. */
  readonly sender?: unknown;
  /** Receivers and dispatchUids that run all the same. */
  readonly except?: ReadonlySet<AnyReceiver | string | symbol> | undefined;
  /** Told of each call that is left out because of this mute. */
  readonly onSuppressed?: ((call: SuppressedCall) => void) | undefined;
}

/** A call of a receiver that was left out. */
interface SuppressedCall {
  readonly signal: Signal<object>;
  readonly sender: unknown;
  readonly payload: object;
  readonly receiver: AnyReceiver;
}

// While it is zero nothing is muted in any flow, and a send has nothing more to look at.
let activeMutes = 0;
const everywhere = new Set<ActiveMute>();
const inFlow = new FlowValue<readonly ActiveMute[]>();

/** Mutes in the whole process until the returned function is called; they may overlap freely. */
export function muteEverywhere(mutes: readonly Mute[]): () => void {
  const started = mutes.map((mute) => new ActiveMute(mute));
  for (const mute of started) everywhere.add(mute);

  return () => {
    for (const mute of started) {
      everywhere.delete(mute);
      mute.end();
    }
  };
}

/**
 * Mutes in the asynchronous flow of `body`, until it returns or what it returns has settled (D-322,
 * D-324). Returns what `body` returns.
 */
export function muteInFlow<Result>(mutes: readonly Mute[], body: () => Result): Result {
  const started = mutes.map((mute) => new ActiveMute(mute));
  const end = (): void => {
    for (const mute of started) mute.end();
  };
  let pending = false;
  try {
    return inFlow.run([...mutesOfFlow(), ...started], () => {
      const result = body();
      if (!isThenable(result)) return result;
      pending = true;
      return Promise.resolve(result).finally(end) as Result;
    });
  } finally {
    if (!pending) end();
  }
}

/** What is muted in the whole process, oldest first. */
export function mutesEverywhere(): readonly Pick<Mute, 'signal' | 'sender'>[] {
  return [...everywhere];
}

/** True when something is muted somewhere: the cheap question to ask first. */
export function isAnythingMuted(): boolean {
  return activeMutes > 0;
}

/** Whether a send by a sender would call anyone, in this flow and now. */
export function hasUnmutedReceivers(table: ReceiverTable, named: unknown): boolean {
  const sender = table.names.itself(named);
  const receivers = unmuted(table.receiversFor(sender), table, sender);
  return receivers.some((connected) => connected.receiver() !== undefined);
}

/** Those receivers that a send is to call. The calls of the others are reported to the mutes. */
export function withoutSuppressed(
  receivers: readonly ConnectedReceiver[],
  { table, signal, sender, payload }: Sending,
): readonly ConnectedReceiver[] {
  for (const mute of mutesOf(table, sender)) {
    for (const connected of receivers) {
      const receiver = mute.silenced(connected);
      if (receiver) mute.report({ signal, sender, payload, receiver });
    }
  }
  return unmuted(receivers, table, sender);
}

function unmuted(
  receivers: readonly ConnectedReceiver[],
  table: ReceiverTable,
  sender: unknown,
): readonly ConnectedReceiver[] {
  const mutes = mutesOf(table, sender);
  return receivers.filter((connected) => !mutes.some((mute) => mute.silenced(connected)));
}

function mutesOf(table: ReceiverTable, sender: unknown): ActiveMute[] {
  return [...everywhere, ...mutesOfFlow()].filter((mute) => mute.concerns(table, sender));
}

/** Those of the current flow that go on: one that starts muted work for ever must not keep them all. */
function mutesOfFlow(): readonly ActiveMute[] {
  return inFlow.get()?.filter((mute) => !mute.ended) ?? [];
}

class ActiveMute {
  readonly #mute: Mute;
  readonly #newestOrder = newestOrder();
  // Work that nobody awaited goes on when the mute of its flow has ended, and finds it in the flow.
  #ended = false;

  constructor(mute: Mute) {
    this.#mute = mute;
    activeMutes += 1;
  }

  get signal(): Mute['signal'] {
    return this.#mute.signal;
  }

  get sender(): Mute['sender'] {
    return this.#mute.sender;
  }

  get ended(): boolean {
    return this.#ended;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    activeMutes -= 1;
  }

  concerns(table: ReceiverTable, sender: unknown): boolean {
    const mute = this.#mute;
    return mute.signal === table.signal && isNamed(table.names, mute.sender, sender);
  }

  /** The function, if it is not to be called. */
  silenced(connected: ConnectedReceiver): AnyReceiver | undefined {
    const receiver = connected.receiver();
    if (receiver === undefined || connected.order > this.#newestOrder) return undefined;

    const { except } = this.#mute;
    const isExcepted =
      except?.has(receiver) || (typeof connected.key !== 'object' && except?.has(connected.key));
    return isExcepted ? undefined : receiver;
  }

  report(call: SuppressedCall): void {
    this.#mute.onSuppressed?.(call);
  }
}
