import { functionName, LeakError, show } from '../base/index.js';
import type { RootBlock } from '../blocks/for-testing.js';
import {
  type ConnectedReceiver,
  liveReceivers,
  type Mute,
  mutesEverywhere,
  type Signal,
} from '../signals/index.js';
import { databases } from '../transactions/index.js';
import { takeLeftOpen } from './test-level.js';

/** What there was when the last call looked. It is undefined before the first. */
let known: { readonly receivers: ReceiverCount; readonly others: WeakSet<object> } | undefined;

/**
 * Throws when something has been left behind since the last call: receivers connected, with their
 * signal, sender and `dispatchUid`; blocks and transactions open, with the callbacks that wait in
 * them; mutes and captures of the whole process. A receiver that was disconnected and connected
 * again is not left behind. What it has reported it does not report again. The first call only
 * looks, and so does not throw: call it before the tests, and after each.
 *
 * @example
 * ```ts
 * import { assertNoLeaks } from 'sequelize-signals/testing';
 *
 * declare function before(hook: () => void): void;
 * declare function afterEach(hook: () => void): void;
 *
 * before(() => assertNoLeaks());
 * afterEach(() => assertNoLeaks());
 * ```
 * @throws {@link LeakError} which names each.
 */
export function assertNoLeaks(): void {
  const before = known;
  const receivers = liveReceivers();
  const blocks = [...databases()].flatMap(({ blocks }) => [...blocks.open]);
  const mutes = mutesEverywhere();
  const captures = [...databases()].flatMap(({ blocks }) => blocks.seam.capturesEverywhere);
  const leftOpen = takeLeftOpen();
  known = {
    receivers: new ReceiverCount(receivers),
    others: new WeakSet<object>([...blocks, ...mutes, ...captures]),
  };
  if (!before) return;

  const leaks = [
    ...receivers.filter((one) => !before.receivers.take(one)).map(describeReceiver),
    ...blocks.filter((one) => !before.others.has(one)).map(describeBlock),
    ...mutes.filter((one) => !before.others.has(one)).map(describeMute),
    ...captures
      .filter((one) => !before.others.has(one))
      .map(() => 'captureOnCommitCallbacks.everywhere() goes on'),
    ...leftOpen.map((label) => `${label} was open when the transaction of its test ended`),
  ];
  if (leaks.length > 0) throw new LeakError(leaks);
}

/** How often each receiver or `dispatchUid` was connected to each signal. */
class ReceiverCount {
  readonly #counts = new WeakMap<Signal<object>, Map<ConnectedReceiver['key'], number>>();

  constructor(receivers: readonly ConnectedReceiver[]) {
    for (const { signal, key } of receivers) {
      const ofSignal = this.#counts.get(signal) ?? new Map<ConnectedReceiver['key'], number>();
      this.#counts.set(signal, ofSignal.set(key, (ofSignal.get(key) ?? 0) + 1));
    }
  }

  /** Takes one away that is like this; false when there was none, or none is left. */
  take({ signal, key }: ConnectedReceiver): boolean {
    const ofSignal = this.#counts.get(signal);
    const count = ofSignal?.get(key) ?? 0;
    if (count > 0) ofSignal?.set(key, count - 1);
    return count > 0;
  }
}

function describeReceiver(connected: ConnectedReceiver): string {
  const { signal, sender, key } = connected;
  const receiver = connected.receiver();
  const name = receiver ? functionName(receiver) : 'anonymous';
  const uid = typeof key === 'object' ? '' : ` with the dispatchUid ${show(key)}`;
  return `${signal.name} has the receiver "${name}"${ofSender(sender)}${uid}`;
}

function describeMute({ signal, sender }: Pick<Mute, 'signal' | 'sender'>): string {
  return `${signal.name}${ofSender(sender)} is muted everywhere`;
}

function ofSender(sender: unknown): string {
  if (sender === undefined || sender === null) return '';
  return ` of ${typeof sender === 'function' ? functionName(sender) : show(sender)}`;
}

function describeBlock({ label, callbacks }: RootBlock): string {
  const { size } = callbacks;
  if (size === 0) return `${label} is open`;
  return `${label} is open, and ${size} callback${size === 1 ? '' : 's'} wait${size === 1 ? 's' : ''} for its commit`;
}
