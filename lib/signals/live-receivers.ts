import { byOrder, type ConnectedReceiver } from './connected-receiver.js';
import type { SenderReceivers } from './sender-receivers.js';

// Weakly, so that this keeps neither receivers nor senders alive.
const lists = new Set<WeakRef<SenderReceivers>>();

const collected = new FinalizationRegistry<WeakRef<SenderReceivers>>((list) => {
  lists.delete(list);
});

/** Has `liveReceivers` count what is in a list, as long as the list lives. */
export function trackReceiversOf(list: SenderReceivers): WeakRef<SenderReceivers> {
  const weakly = new WeakRef(list);
  lists.add(weakly);
  collected.register(list, weakly);
  return weakly;
}

/** The receivers connected to all signals, oldest first, without those that are dead. */
export function liveReceivers(): ConnectedReceiver[] {
  return [...lists]
    .flatMap((list) => list.deref()?.snapshot() ?? [])
    .filter((connected) => connected.receiver() !== undefined)
    .sort(byOrder);
}
