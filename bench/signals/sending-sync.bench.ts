import { EventEmitter } from 'node:events';
import { Signal as LuminoSignal } from '@lumino/signaling';
import { EventEmitter as EventEmitter3 } from 'eventemitter3';
import mitt from 'mitt';
import { Signal } from 'sequelize-signals';
import type { Benchmark, Contender, MakeContender } from '../benchmark.js';
import { Tally } from './tally.js';

class Order {}

interface Paid {
  readonly amount: number;
}

interface PaidEvent extends Paid {
  readonly sender: unknown;
}

type Receiver = (event: PaidEvent) => void;

/** Keeps what a send returns from being optimised away. */
let kept: unknown;

/**
 * `sendSync`. The emitters know no senders: their receivers are called through a function that
 * compares the sender, as a program would do that needs it. A signal of Lumino belongs to one.
 */
function sendingSyncTo(count: number): Benchmark {
  return {
    name: `sendSync, ${count} receiver${count === 1 ? '' : 's'}`,
    unit: 'ns',
    ours: contender(count, (receivers) => {
      const paid = new Signal<Paid>({ name: 'paid' });
      for (const receiver of receivers) paid.connect(receiver, { sender: Order });
      return (times) => {
        for (let i = 0; i < times; i += 1) kept = paid.sendSync(Order, { amount: 1 });
        const ok = Array.isArray(kept) && kept.length === count;
        if (!ok) throw new Error(`sendSync() returned ${String(kept)}.`);
      };
    }),
    peers: {
      'a loop that builds the pairs': contender(count, (receivers) => {
        const send = (sender: unknown, payload: Paid) => {
          const event = { signal: 'paid', sender, ...payload };
          const pairs: [Receiver, unknown][] = [];
          for (const receiver of receivers) pairs.push([receiver, receiver(event)]);
          return pairs;
        };
        return (times) => {
          for (let i = 0; i < times; i += 1) kept = send(Order, { amount: 1 });
        };
      }),
      'the plainest code that promises the same': contender(count, (receivers) => {
        const bySender = new WeakMap([[Order, [...receivers]]]);
        const send = (sender: typeof Order, payload: Paid) => {
          if ('signal' in payload || 'sender' in payload) throw new Error('These keys are taken.');
          const snapshot = bySender.get(sender) ?? [];
          const event = { signal: 'paid', sender, ...payload };
          const pairs: [Receiver, unknown][] = [];
          for (const receiver of snapshot) {
            const response: unknown = receiver({ ...event });
            if (response instanceof Promise) throw new Error('A receiver is asynchronous.');
            pairs.push([receiver, response]);
          }
          return pairs;
        };
        return (times) => {
          for (let i = 0; i < times; i += 1) kept = send(Order, { amount: 1 });
        };
      }),
      'EventEmitter, filtered by sender': contender(count, (receivers) => {
        const emitter = new EventEmitter();
        for (const receiver of receivers) emitter.on('paid', bySender(receiver));
        return (times) => {
          for (let i = 0; i < times; i += 1) {
            kept = emitter.emit('paid', { sender: Order, amount: 1 });
          }
        };
      }),
      'eventemitter3, filtered by sender': contender(count, (receivers) => {
        const emitter = new EventEmitter3();
        for (const receiver of receivers) emitter.on('paid', bySender(receiver));
        return (times) => {
          for (let i = 0; i < times; i += 1) {
            kept = emitter.emit('paid', { sender: Order, amount: 1 });
          }
        };
      }),
      'mitt, filtered by sender': contender(count, (receivers) => {
        const emitter = mitt<{ paid: PaidEvent }>();
        for (const receiver of receivers) emitter.on('paid', bySender(receiver));
        return (times) => {
          for (let i = 0; i < times; i += 1) emitter.emit('paid', { sender: Order, amount: 1 });
        };
      }),
      '@lumino/signaling': contender(count, (receivers) => {
        const paid = new LuminoSignal<typeof Order, Paid>(Order);
        for (const receiver of receivers) {
          paid.connect((sender, { amount }) => receiver({ sender, amount }));
        }
        return (times) => {
          for (let i = 0; i < times; i += 1) paid.emit({ amount: 1 });
        };
      }),
    },
    targets: [
      { against: 'a loop that builds the pairs', atMost: 2 },
      { against: 'EventEmitter, filtered by sender', atMost: 1 },
      { against: 'eventemitter3, filtered by sender', atMost: 1 },
      { against: 'mitt, filtered by sender', atMost: 1 },
      { against: '@lumino/signaling', atMost: 1 },
    ],
  };
}

function contender(
  count: number,
  make: (receivers: readonly Receiver[]) => (times: number) => void,
): MakeContender {
  return (): Contender => {
    const tally = new Tally();
    return { run: make(tally.receivers(count)), check: (times) => tally.expect(times * count) };
  };
}

function bySender(receiver: Receiver): Receiver {
  return (event) => {
    if (event.sender === Order) receiver(event);
  };
}

export const benchmarks: readonly Benchmark[] = [sendingSyncTo(1), sendingSyncTo(10)];
