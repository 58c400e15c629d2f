import { Signal } from 'sequelize-signals';
import type { Benchmark, Contender } from '../benchmark.js';

class Order {}

type Receiver = () => void;

const MANY = 100_000;
/** So many that a cost which grows with their number would be seen beside that of many. */
const MOST = 400_000;
/** A prime that divides neither. */
const STRIDE = 7_919;

/** What knows which receivers are connected. */
interface Registry {
  connect(receiver: Receiver): void;
  disconnect(receiver: Receiver): boolean;
  left(): number;
}

function oneOf(make: () => Registry): () => Contender {
  return () => ({
    run: (times) => connectAndDisconnect(make(), times),
    check() {},
  });
}

/** As many receivers, but never more than `size` in one signal. */
function oneOfEach(size: number, make: () => Registry): () => Contender {
  return () => ({
    run(times) {
      for (let done = 0; done < times; done += size) connectAndDisconnect(make(), size);
    },
    check() {},
  });
}

function connectAndDisconnect(registry: Registry, count: number): void {
  const receivers = Array.from({ length: count }, (_, index) => () => void index);
  for (const receiver of receivers) registry.connect(receiver);
  if (registry.left() !== count) throw new Error(`${registry.left()} are connected, not ${count}.`);
  for (let index = 0; index < count; index += 1) {
    // In no order that would make a search short: neither that of the connects nor its reverse.
    const receiver = receivers[(index * STRIDE) % count] as Receiver;
    if (!registry.disconnect(receiver)) throw new Error('A receiver was not connected.');
  }
  if (registry.left() !== 0) throw new Error(`${registry.left()} are still connected.`);
}

function ourRegistry(): Registry {
  const paid = new Signal();
  let connected = 0;
  return {
    connect(receiver) {
      paid.connect(receiver, { sender: Order });
      connected += 1;
    },
    disconnect(receiver) {
      if (!paid.disconnect(receiver, { sender: Order })) return false;
      connected -= 1;
      return true;
    },
    left: () => (paid.hasListeners(Order) ? connected : 0),
  };
}

/** Django's `Signal.connect` and `disconnect`: a list of lookup keys that both search through. */
function djangoRegistry(): Registry {
  const ids = new Map<unknown, number>();
  const id = (value: unknown): number => {
    const known = ids.get(value) ?? ids.size + 1;
    ids.set(value, known);
    return known;
  };
  const receivers: { key: readonly [receiver: number, sender: number]; receiver: Receiver }[] = [];
  const indexOf = (receiver: Receiver): number => {
    const [receiverId, senderId] = [id(receiver), id(Order)];
    for (let index = 0; index < receivers.length; index += 1) {
      const key = receivers[index]?.key;
      if (key?.[0] === receiverId && key[1] === senderId) return index;
    }
    return -1;
  };
  return {
    connect(receiver) {
      if (indexOf(receiver) < 0) receivers.push({ key: [id(receiver), id(Order)], receiver });
    },
    disconnect(receiver) {
      const index = indexOf(receiver);
      if (index >= 0) receivers.splice(index, 1);
      return index >= 0;
    },
    left: () => receivers.length,
  };
}

/** blinker's: the receivers by id, and the ids by sender and the senders by id. */
function blinkerRegistry(): Registry {
  let lastId = 0;
  const ids = new WeakMap<object, number>();
  const id = (value: object): number => {
    const known = ids.get(value) ?? ++lastId;
    ids.set(value, known);
    return known;
  };
  const receivers = new Map<number, Receiver>();
  const bySender = new Map<number, Set<number>>();
  const byReceiver = new Map<number, Set<number>>();
  const addTo = (map: Map<number, Set<number>>, key: number, value: number): void => {
    const set = map.get(key) ?? new Set<number>();
    map.set(key, set.add(value));
  };
  return {
    connect(receiver) {
      const receiverId = id(receiver);
      receivers.set(receiverId, receiver);
      addTo(bySender, id(Order), receiverId);
      addTo(byReceiver, receiverId, id(Order));
    },
    disconnect(receiver) {
      const receiverId = id(receiver);
      const known = bySender.get(id(Order))?.delete(receiverId) ?? false;
      const senders = byReceiver.get(receiverId);
      senders?.delete(id(Order));
      if (senders?.size === 0) byReceiver.delete(receiverId);
      receivers.delete(receiverId);
      return known;
    },
    left: () => receivers.size,
  };
}

/** A Map with an object for each connection: what no registry of connections can do without. */
function mapRegistry(): Registry {
  let lastOrder = 0;
  const connections = new Map<Receiver, { receiver: Receiver; order: number }>();
  return {
    connect(receiver) {
      if (connections.has(receiver)) return;
      connections.set(receiver, { receiver, order: ++lastOrder });
    },
    disconnect(receiver) {
      const known = connections.get(receiver);
      return known !== undefined && connections.delete(known.receiver);
    },
    left: () => connections.size,
  };
}

const LINEAR = 'the same, one of 100,000';
const DJANGO = "Django's algorithm";

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'connect and disconnect, one of 100,000 receivers',
    unit: 'µs',
    times: MANY,
    // Django's takes several seconds.
    rounds: 3,
    ours: oneOf(ourRegistry),
    peers: {
      [DJANGO]: oneOf(djangoRegistry),
      "blinker's algorithm": oneOf(blinkerRegistry),
      'a Map of objects': oneOf(mapRegistry),
    },
    targets: [{ against: DJANGO, atMost: 1 / 100 }],
  },
  {
    name: 'connect and disconnect, one of 400,000 receivers',
    unit: 'µs',
    times: MOST,
    rounds: 11,
    ours: oneOf(ourRegistry),
    peers: {
      [LINEAR]: oneOfEach(MANY, ourRegistry),
      'the same, one of 1,000': oneOfEach(1_000, ourRegistry),
      'a Map of objects': oneOf(mapRegistry),
      'a Map of objects, one of 1,000': oneOfEach(1_000, mapRegistry),
    },
    // The time that each takes would be four times as long if it grew with their number.
    targets: [{ against: LINEAR, atMost: 2 }],
  },
];
