import { FlowValue, isThenable } from '../base/index.js';
import type { AnyReceiver } from './any-receiver.js';
import { type Connection, newestConnectionOrder, type SignalIdentity } from './connection.js';

/** A signal, as far as a mute must know it. */
export interface MutableSignal extends SignalIdentity {
  isSender(named: unknown, sender: unknown): boolean;
}

/** What is to be muted. Receivers that are connected later are not: they still run (D-317). */
export interface Mute {
  readonly signal: MutableSignal;
  /** Mutes only what this sender sends; left out, whatever is sent. */
  readonly sender?: unknown;
  /** Receivers and dispatchUids that run all the same. */
  readonly except?: ReadonlySet<AnyReceiver | string | symbol> | undefined;
  /** Told of each call that is left out because of this mute. */
  readonly onSuppressed?: ((call: SuppressedCall) => void) | undefined;
}

/** One send. */
export interface MutableSend {
  readonly signal: SignalIdentity;
  readonly sender: unknown;
  readonly payload: object;
}

/** A call of a receiver that was left out. */
export interface SuppressedCall extends MutableSend {
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
    return inFlow.run([...(inFlow.get() ?? []), ...started], () => {
      const result = body();
      if (!isThenable(result)) return result;
      pending = true;
      return Promise.resolve(result).finally(end) as Result;
    });
  } finally {
    if (!pending) end();
  }
}

/** True when something is muted somewhere: the cheap question to ask first. */
export function isAnythingMuted(): boolean {
  return activeMutes > 0;
}

/** The connections that a send by `sender` would reach. */
export function unmuted(
  connections: readonly Connection[],
  signal: SignalIdentity,
  sender: unknown,
): readonly Connection[] {
  const mutes = mutesOf(signal, sender);
  return connections.filter((connection) => !mutes.some((mute) => mute.silenced(connection)));
}

/** The connections that `send` reaches. Those that it does not reach are reported to the mutes. */
export function withoutSuppressed(
  connections: readonly Connection[],
  send: MutableSend,
): readonly Connection[] {
  const { signal, sender, payload } = send;
  for (const mute of mutesOf(signal, sender)) {
    for (const connection of connections) {
      const receiver = mute.silenced(connection);
      if (receiver) mute.report({ signal, sender, payload, receiver });
    }
  }
  return unmuted(connections, signal, sender);
}

function mutesOf(signal: SignalIdentity, sender: unknown): ActiveMute[] {
  return [...everywhere, ...(inFlow.get() ?? [])].filter((mute) => mute.concerns(signal, sender));
}

class ActiveMute {
  readonly #mute: Mute;
  readonly #newestConnection = newestConnectionOrder();
  // A flow may outlive its mute, in work that nobody awaited.
  #ended = false;

  constructor(mute: Mute) {
    this.#mute = mute;
    activeMutes += 1;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    activeMutes -= 1;
  }

  concerns(signal: SignalIdentity, sender: unknown): boolean {
    const mute = this.#mute;
    return !this.#ended && mute.signal === signal && mute.signal.isSender(mute.sender, sender);
  }

  /** The receiver of the connection, if it is not to be called. */
  silenced(connection: Connection): AnyReceiver | undefined {
    const receiver = connection.receiver();
    if (receiver === undefined || connection.order > this.#newestConnection) return undefined;

    const { except } = this.#mute;
    const isExcepted =
      except?.has(receiver) || (typeof connection.key !== 'object' && except?.has(connection.key));
    return isExcepted ? undefined : receiver;
  }

  report(call: SuppressedCall): void {
    this.#mute.onSuppressed?.(call);
  }
}
