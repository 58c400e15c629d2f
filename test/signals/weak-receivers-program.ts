/**
 * Run by weak-receivers.test.ts in a process of its own. Prints what became of receivers, senders
 * and memory in each case, by the title of the case.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { receiver, Signal } from 'sequelize-signals';
import { liveReceivers, muteEverywhere } from '#lib/signals/index';
import { printOutcomes } from '../support/print-outcomes.js';

const collect = globalThis.gc as () => void;

/** Collects garbage until the finalization callbacks have run as well. */
async function settle(): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    await turn();
    collect();
    await turn();
  }
}

async function heap(): Promise<number> {
  await settle();
  return process.memoryUsage().heapUsed;
}

/** What a signal still reaches when all garbage has gone. */
async function reached(signal: Signal): Promise<{ responses: number; live: number }> {
  await settle();
  return { responses: signal.sendSync(null).length, live: liveOf(signal) };
}

function liveOf(signal: Signal): number {
  return liveReceivers().filter((connected) => connected.signal === signal).length;
}

/** Does it 100,000 times, and tells whether memory grew by more than 20 bytes for each. */
async function leaks(act: (index: number) => void): Promise<boolean> {
  const count = 100_000;
  // The first rounds grow tables and compile functions, and those stay.
  for (let index = 0; index < count; index += 1) act(index);
  const before = await heap();
  for (let index = 0; index < count; index += 1) act(count + index);
  return (await heap()) - before > 20 * count;
}

class Ledger {
  add(): this {
    return this;
  }
}

const kept: unknown[] = [];
function keep<Value>(value: Value): Value {
  kept.push(value);
  return value;
}

const CASES: Record<string, () => Promise<object>> = {
  'J-05, D-037: a receiver is kept alive without "weak"': () => {
    const signal = new Signal();
    signal.connect(() => 1);
    return reached(signal);
  },

  'D-035: a weak receiver dies with its last reference': () => {
    const signal = new Signal();
    signal.connect(() => 1, { weak: true });
    return reached(signal);
  },

  'a weak receiver that is referenced is kept': () => {
    const signal = new Signal();
    signal.connect(
      keep(() => 1),
      { weak: true },
    );
    return reached(signal);
  },

  'an object is kept alive without "weak"': () => {
    const signal = new Signal();
    const ledger = new Ledger();
    signal.connect(ledger.add, { thisArg: ledger });
    return reached(signal);
  },

  'D-036: a weak method dies with its object': () => {
    const signal = new Signal();
    const ledger = new Ledger();
    signal.connect(ledger.add, { thisArg: ledger, weak: true });
    return reached(signal);
  },

  'D-036: a weak method lives as long as its object': () => {
    const signal = new Signal();
    const ledger = keep(new Ledger());
    signal.connect(ledger.add, { thisArg: ledger, weak: true });
    return reached(signal);
  },

  'J-06: a function bound to its object lives as long as the object': () => {
    const signal = new Signal();
    const ledger = keep(new Ledger());
    signal.connect(ledger.add.bind(ledger), { thisArg: ledger, weak: true });
    return reached(signal);
  },

  'J-06: a function bound to its object lets the object die': () => {
    const signal = new Signal();
    const ledger = new Ledger();
    signal.connect(ledger.add.bind(ledger), { thisArg: ledger, weak: true });
    return reached(signal);
  },

  'a function that closes over its object lets the object die': () => {
    const signal = new Signal();
    const ledger = new Ledger();
    signal.connect(() => ledger, { thisArg: ledger, weak: true });
    return reached(signal);
  },

  'a decorated weak method dies with its object': () => {
    const signal = new Signal();
    class Decorated {
      @receiver(signal, { weak: true })
      add() {}
    }
    new Decorated();
    return reached(signal);
  },

  'D-039: a dead receiver is skipped before it is purged': async () => {
    const signal = new Signal();
    signal.connect(() => 1, { weak: true });
    signal.connect(() => 1, { weak: true, thisArg: {} });
    await turn();
    collect();
    // The event loop has not turned since, so that no finalization callback can have run.
    const live = liveOf(signal);
    const responses = [...signal.sendSync(null), ...(await signal.asend(null))].length;
    return { responses, listeners: signal.hasListeners(), live };
  },

  'D-039: a dead receiver is no listener while something is muted': async () => {
    const signal = new Signal();
    signal.connect(() => 1, { weak: true });
    const unmute = muteEverywhere([{ signal: new Signal() }]);
    await turn();
    collect();
    const listeners = signal.hasListeners();
    unmute();
    return { listeners };
  },

  'a dispatchUid is free again when its receiver has died': async () => {
    const signal = new Signal();
    const undo = signal.connect(() => 1, { weak: true, dispatchUid: 'uid' });
    await turn();
    collect();
    signal.connect(() => 2, { dispatchUid: 'uid' });
    return { first: undo(), second: signal.sendSync(null).length };
  },

  'D-041, D-042: a sender is not kept alive': async () => {
    const signal = new Signal();
    const sender = connectSender(signal, () => () => 1);
    await settle();
    return { alive: sender.deref() !== undefined, live: liveOf(signal) };
  },

  'D-041: a sender is not kept alive by receivers that close over it': async () => {
    const signal = new Signal();
    const sender = connectSender(signal, (closedOver) => () => closedOver);
    await settle();
    return { alive: sender.deref() !== undefined, live: liveOf(signal) };
  },

  'D-041: a sender is not kept alive by an undo': async () => {
    const signal = new Signal();
    const { sender, undo } = (() => {
      const made = {};
      return { sender: new WeakRef(made), undo: signal.connect(() => made, { sender: made }) };
    })();
    await settle();
    return { alive: sender.deref() !== undefined, undone: undo() };
  },

  'D-041: one of several senders is not kept alive by the others, nor by an undo': async () => {
    const signal = new Signal();
    const other = keep({});
    const [one, two] = [() => 1, () => 2];
    const { sender, undo } = (() => {
      const made = {};
      signal.connect(one, { sender: [made, other] });
      return {
        sender: new WeakRef(made),
        undo: signal.connect(two, { sender: [made, 'shop'], once: true }),
      };
    })();
    await settle();
    return { alive: sender.deref() !== undefined, live: liveOf(signal), undone: undo() };
  },

  'D-041: a sender is not kept alive by an abort signal': async () => {
    const signal = new Signal();
    const abortSignal = keep(new AbortController().signal);
    let listening = false;
    const { addEventListener, removeEventListener } = abortSignal;
    Object.assign(abortSignal, {
      addEventListener(...args: Parameters<typeof addEventListener>) {
        listening = true;
        addEventListener.apply(abortSignal, args);
      },
      removeEventListener(...args: Parameters<typeof removeEventListener>) {
        listening = false;
        removeEventListener.apply(abortSignal, args);
      },
    });
    const sender = (() => {
      const made = {};
      signal.connect(() => made, { sender: made, signal: abortSignal });
      return new WeakRef(made);
    })();
    await settle();
    return { alive: sender.deref() !== undefined, listening };
  },

  'D-041, D-044: a sender is not kept alive by any-sender receivers and sends': async () => {
    const signal = new Signal();
    signal.connect(() => 1);
    const sender = (() => {
      const made = {};
      signal.connect(() => made, { sender: made });
      signal.sendSync(made);
      return new WeakRef(made);
    })();
    await settle();
    return { alive: sender.deref() !== undefined };
  },

  'D-041: a sender is not kept alive by a weak receiver': async () => {
    const signal = new Signal();
    const weak = keep(() => 1);
    const sender = (() => {
      const made = {};
      signal.connect(weak, { sender: made, weak: true });
      signal.connect(() => made, { sender: made });
      return new WeakRef(made);
    })();
    await settle();
    return { alive: sender.deref() !== undefined, live: liveOf(signal) };
  },

  'D-041: short-lived senders each have a connection of their own': async () => {
    const signal = new Signal();
    const shared = () => 1;
    let called = 0;
    for (let index = 0; index < 50; index += 1) {
      const sender = class {};
      signal.connect(shared, { sender });
      called += signal.sendSync(sender).length;
      await settle();
    }
    return { called };
  },

  'a receiver is not kept alive once it is disconnected': async () => {
    const signal = new Signal();
    const { connected, undo } = connectDropped(signal);
    undo();
    keep(undo);
    await settle();
    return { alive: connected.deref() !== undefined };
  },

  'a receiver for any sender is not kept alive by other senders that have sent': async () => {
    const signal = new Signal();
    const sender = keep({});
    signal.connect(() => 1, { sender });
    const { connected, undo } = connectDropped(signal);
    signal.sendSync(sender);
    undo();
    await settle();
    return { alive: connected.deref() !== undefined };
  },

  'a signal is not kept alive by its connections': async () => {
    await settle();
    const before = liveReceivers().length;
    const signal = (() => {
      const made = new Signal();
      keep(made.connect(() => 1, { signal: keep(new AbortController().signal) }));
      made.connect(
        keep(() => 1),
        { weak: true, sender: 'shop' },
      );
      return new WeakRef(made);
    })();
    await settle();
    return { alive: signal.deref() !== undefined, live: liveReceivers().length - before };
  },

  'D-038: 100,000 weak receivers leave nothing behind': async () => {
    const signal = new Signal();
    const leaked = await leaks(() => signal.connect(() => 1, { weak: true }));
    return { live: liveOf(signal), leaked };
  },

  'D-043: 100,000 repeated weak connects leave nothing behind': async () => {
    const signal = new Signal();
    const connected = keep(() => 1);
    const leaked = await leaks(() => signal.connect(connected, { weak: true }));
    return { live: liveOf(signal), leaked };
  },

  'D-043: 100,000 weak methods of objects that die leave nothing behind': async () => {
    const signal = new Signal();
    const { add } = Ledger.prototype;
    const leaked = await leaks(() => signal.connect(add, { weak: true, thisArg: new Ledger() }));
    return { live: liveOf(signal), leaked };
  },

  'D-043: 100,000 weak connects and disconnects leave nothing behind': async () => {
    const signal = new Signal();
    const ledger = keep(new Ledger());
    const leaked = await leaks(() => {
      signal.connect(ledger.add, { weak: true, thisArg: ledger });
      signal.disconnect(ledger.add, { thisArg: ledger });
    });
    return { live: liveOf(signal), leaked };
  },

  'D-042: 100,000 senders leave nothing behind': async () => {
    const signal = new Signal();
    const connected = keep(() => 1);
    signal.connect(connected)();
    const leaked = await leaks(() => {
      const sender = {};
      signal.connect(connected, { sender, weak: true });
      signal.connect(() => sender, { sender });
      signal.sendSync(sender);
    });
    return { live: liveOf(signal), leaked };
  },

  '100,000 primitive senders leave nothing behind': async () => {
    const signal = new Signal();
    const connected = keep(() => 1);
    const leaked = await leaks((index) => signal.connect(connected, { sender: index })());
    return { live: liveOf(signal), leaked };
  },
};

/** Connects a receiver for a new sender that nobody else refers to. */
function connectSender(signal: Signal, make: (sender: object) => () => unknown): WeakRef<object> {
  const sender = {};
  signal.connect(make(sender), { sender });
  return new WeakRef(sender);
}

/** Connects a receiver that nobody else refers to. */
function connectDropped(signal: Signal) {
  const connected = () => 1;
  return { connected: new WeakRef(connected), undo: signal.connect(connected) };
}

async function main(): Promise<void> {
  await printOutcomes(CASES);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
