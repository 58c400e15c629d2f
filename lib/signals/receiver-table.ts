import { isObject } from '../base/index.js';
import type { ConnectRequest } from './connect-request.js';
import { byOrder, type ConnectedReceiver } from './connected-receiver.js';
import type { IdentityKey } from './identity-key.js';
import { makeConnectedReceiver } from './make-connected-receiver.js';
import { isAnySender, type SenderNames } from './sender-names.js';
import { SenderReceivers } from './sender-receivers.js';
import type { Signal } from './signal.js';

const NONE: readonly SenderReceivers[] = [];

/**
 * The receivers of one signal. To connect and to disconnect costs the same whatever their number:
 * what a send needs is put together by the first send after a change. Senders are keys only, so
 * that none is kept alive or mistaken for another (D-041, J-07).
 */
export class ReceiverTable {
  readonly signal: Signal<object>;
  readonly names: SenderNames;
  readonly #anySender: SenderReceivers = new SenderReceivers(this);
  readonly #byObject = new WeakMap<object, SenderReceivers>();
  readonly #byPrimitive = new Map<unknown, SenderReceivers>();
  // What a send by a sender reaches where it has receivers of its own, and there are some for any
  // sender. One map for all, which is dropped as a whole when a receiver for any sender comes or
  // goes: outdated arrays, left with many senders, would keep disconnected receivers alive.
  #mergedWithAny: WeakMap<SenderReceivers, readonly ConnectedReceiver[]> | undefined;
  #everConnected = false;

  constructor(signal: Signal<object>, names: SenderNames) {
    this.signal = signal;
    this.names = names;
  }

  /** Whether there ever was a receiver, for any sender or for one. */
  get everConnected(): boolean {
    return this.#everConnected;
  }

  /** Connects, unless a receiver of the same identity is connected already (D-004). */
  connect(named: unknown, request: ConnectRequest): ConnectedReceiver | undefined {
    this.#everConnected = true;
    const sender = this.names.itself(named);
    const known = this.#find(sender, request.key);
    if (known?.receiver() !== undefined) return undefined;

    // A uid may still be taken by a receiver that has died and was not purged yet.
    known?.disconnect();
    const list = this.#listFor(sender);
    const connected = makeConnectedReceiver(list, request);
    list.add(connected);
    request.once?.add(connected.handle());
    return connected;
  }

  /** Disconnects the receiver of that identity, whatever name it knows the sender by. */
  disconnect(named: unknown, key: IdentityKey): boolean {
    const sender = this.names.itself(named);
    let ended = this.#find(sender, key)?.disconnect() ?? false;
    for (const alias of this.names.aliasesOf(sender)) {
      ended = (this.#find(alias, key)?.disconnect() ?? false) || ended;
    }
    return ended;
  }

  /** True when a living receiver is connected for a sender, or for any. It may be muted. */
  hasReceivers(named: unknown): boolean {
    const sender = this.names.itself(named);
    return (
      this.#anySender.hasReceivers() ||
      !!this.#listOf(sender)?.hasReceivers() ||
      this.#listsOfAliases(sender).some((list) => list.hasReceivers())
    );
  }

  /** The receivers that a send by `sender` reaches, oldest first, in an array never changed. */
  receiversFor(sender: unknown): readonly ConnectedReceiver[] {
    const list = this.#listOf(sender);
    const others = this.#listsOfAliases(sender);
    if (others.length > 0) return this.#mergeWithAliases(list, others);

    const forAny = this.#anySender.snapshot();
    if (list === undefined) return forAny;
    const forSender = list.snapshot();
    if (forAny.length === 0) return forSender;
    return forSender.length === 0 ? forAny : this.#mergeWithAny(list);
  }

  /** Called by a list to which a receiver was added, or from which one was removed. */
  listChanged(list: SenderReceivers): void {
    if (list === this.#anySender) this.#mergedWithAny = undefined;
    else this.#mergedWithAny?.delete(list);

    // An object takes its list with it when it dies. A primitive would keep it for ever.
    if (list.size === 0) this.#byPrimitive.delete(list.primitive);
  }

  #find(sender: unknown, key: IdentityKey): ConnectedReceiver | undefined {
    const list = isAnySender(sender) ? this.#anySender : this.#listOf(sender);
    return list?.get(key);
  }

  #listOf(sender: unknown): SenderReceivers | undefined {
    return isObject(sender) ? this.#byObject.get(sender) : this.#byPrimitive.get(sender);
  }

  #listFor(sender: unknown): SenderReceivers {
    if (isAnySender(sender)) return this.#anySender;
    const known = this.#listOf(sender);
    if (known !== undefined) return known;

    const made = new SenderReceivers(this, sender);
    if (isObject(sender)) this.#byObject.set(sender, made);
    else this.#byPrimitive.set(sender, made);
    return made;
  }

  #listsOfAliases(sender: unknown): readonly SenderReceivers[] {
    // Each send comes by here, and hardly any sender is known by two names.
    let lists = NONE;
    for (const alias of this.names.aliasesOf(sender)) {
      const list = this.#listOf(alias);
      if (list !== undefined) lists = [...lists, list];
    }
    return lists;
  }

  #mergeWithAliases(
    list: SenderReceivers | undefined,
    others: readonly SenderReceivers[],
  ): readonly ConnectedReceiver[] {
    const ofSender = [list, ...others].flatMap((each) => each?.snapshot() ?? []);
    return inOrder([...oldestOfEachIdentity(ofSender), ...this.#anySender.snapshot()]);
  }

  #mergeWithAny(list: SenderReceivers): readonly ConnectedReceiver[] {
    this.#mergedWithAny ??= new WeakMap();
    const known = this.#mergedWithAny.get(list);
    if (known !== undefined) return known;

    const merged = inOrder([...list.snapshot(), ...this.#anySender.snapshot()]);
    this.#mergedWithAny.set(list, merged);
    return merged;
  }
}

function inOrder(connected: readonly ConnectedReceiver[]): readonly ConnectedReceiver[] {
  return connected.toSorted(byOrder);
}

/** A receiver that is connected under several names of a sender is called once. */
function oldestOfEachIdentity(
  connected: readonly ConnectedReceiver[],
): readonly ConnectedReceiver[] {
  const oldest = new Map<IdentityKey, ConnectedReceiver>();
  for (const each of inOrder(connected)) {
    if (each.receiver() === undefined || oldest.has(each.key)) continue;
    oldest.set(each.key, each);
  }
  return [...oldest.values()];
}
