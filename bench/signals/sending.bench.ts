import Emittery from 'emittery';
import { createHooks } from 'hookable';
import { DataTypes, Sequelize } from 'sequelize';
import { Signal } from 'sequelize-signals';
import { AsyncSeriesHook } from 'tapable';
import type { Benchmark, Contender } from '../benchmark.js';
import { sqliteOptions } from '../servers.js';
import { Tally } from './tally.js';

class Order {}

interface Paid {
  readonly amount: number;
}

type Pair = [receiver: (event: never) => unknown, response: unknown];

/** Keeps what a send returns from being optimised away. */
let kept: unknown;

/** `await send`, with receivers that return at once. */
function sendingTo(count: number): Benchmark {
  const contender = (
    tally: Tally,
    run: (times: number) => Promise<void>,
    receivers = count,
  ): Contender => ({
    run,
    check: (times) => tally.expect(times * receivers),
  });

  return {
    name: `await send, ${count} receiver${count === 1 ? '' : 's'}`,
    unit: 'ns',
    ours() {
      const tally = new Tally();
      const paid = new Signal<Paid>({ name: 'paid' });
      for (const receiver of tally.receivers(count)) paid.connect(receiver, { sender: Order });
      return contender(tally, async (times) => {
        for (let i = 0; i < times; i += 1) kept = await paid.send(Order, { amount: 1 });
        assertPairs(kept, count);
      });
    },
    peers: {
      'a loop and an await that build the pairs'() {
        const tally = new Tally();
        const receivers = tally.receivers(count);
        const send = async (sender: unknown, payload: Paid): Promise<Pair[]> => {
          const event = { signal: 'paid', sender, ...payload };
          const pairs: Pair[] = [];
          for (const receiver of receivers) pairs.push([receiver, receiver(event)]);
          return pairs;
        };
        return contender(tally, async (times) => {
          for (let i = 0; i < times; i += 1) kept = await send(Order, { amount: 1 });
          assertPairs(kept, count);
        });
      },
      'Sequelize runHooks'() {
        const tally = new Tally();
        const sequelize = new Sequelize(sqliteOptions);
        const Model = sequelize.define('order', { amount: DataTypes.INTEGER });
        for (const receiver of tally.receivers(count)) Model.addHook('afterSave', receiver);
        const { runHooks } = Model as unknown as {
          runHooks(hook: string, ...parameters: unknown[]): Promise<void>;
        };
        const run = runHooks.bind(Model);
        return contender(tally, async (times) => {
          for (let i = 0; i < times; i += 1) kept = await run('afterSave', { amount: 1 }, {});
        });
      },
      'hookable callHook'() {
        const tally = new Tally();
        const hooks = createHooks<{ paid: (event: unknown) => void }>();
        for (const receiver of tally.receivers(count)) hooks.hook('paid', receiver);
        return contender(tally, async (times) => {
          for (let i = 0; i < times; i += 1) kept = await hooks.callHook('paid', { amount: 1 });
        });
      },
      'emittery emitSerial'() {
        const tally = new Tally();
        const emitter = new Emittery<{ paid: Paid }>();
        for (const receiver of tally.receivers(count, 'event.data.amount')) {
          emitter.on('paid', receiver);
        }
        return contender(tally, async (times) => {
          for (let i = 0; i < times; i += 1) kept = await emitter.emitSerial('paid', { amount: 1 });
        });
      },
      'tapable AsyncSeriesHook'() {
        const tally = new Tally();
        const hook = new AsyncSeriesHook<[unknown]>(['event']);
        for (const receiver of tally.receivers(count)) hook.tap('receiver', receiver);
        return contender(tally, async (times) => {
          for (let i = 0; i < times; i += 1) kept = await hook.promise({ amount: 1 });
        });
      },
    },
    targets: [
      { against: 'a loop and an await that build the pairs', atMost: 2 },
      { against: 'Sequelize runHooks', atMost: 1 / 3 },
      { against: 'hookable callHook', atMost: 1 / 5 },
      { against: 'emittery emitSerial', atMost: 1 / 5 },
    ],
  };
}

function assertPairs(pairs: unknown, count: number): void {
  const ok = Array.isArray(pairs) && pairs.length === count;
  if (!ok) throw new Error(`A send returned ${String(pairs)} instead of ${count} pairs.`);
}

/** Both forms while nobody listens, beside calls of functions that do nothing. */
const toNobody: readonly Benchmark[] = [
  {
    name: 'await send, no receiver',
    unit: 'ns',
    ours() {
      const paid = new Signal<Paid>({ name: 'paid' });
      return unheard(async (times) => {
        for (let i = 0; i < times; i += 1) kept = await paid.send(Order, { amount: 1 });
      });
    },
    peers: {
      'an empty async function'() {
        const nothing = async (_sender: unknown, _payload: Paid): Promise<Pair[]> => [];
        return unheard(async (times) => {
          for (let i = 0; i < times; i += 1) kept = await nothing(Order, { amount: 1 });
        });
      },
      'emittery emitSerial'() {
        const emitter = new Emittery<{ paid: Paid }>();
        return unheard(async (times) => {
          for (let i = 0; i < times; i += 1) kept = await emitter.emitSerial('paid', { amount: 1 });
        });
      },
    },
    targets: [{ against: 'an empty async function', within: 50 }],
  },
  {
    name: 'sendSync, no receiver',
    unit: 'ns',
    ours() {
      const paid = new Signal<Paid>({ name: 'paid' });
      return unheard((times) => {
        for (let i = 0; i < times; i += 1) kept = paid.sendSync(Order, { amount: 1 });
      });
    },
    peers: {
      'an empty function'() {
        const nothing = (_sender: unknown, _payload: Paid): Pair[] => [];
        return unheard((times) => {
          for (let i = 0; i < times; i += 1) kept = nothing(Order, { amount: 1 });
        });
      },
    },
    targets: [{ against: 'an empty function', within: 50 }],
  },
];

function unheard(run: Contender['run']): Contender {
  return {
    run,
    check() {
      const empty = Array.isArray(kept) ? kept.length === 0 : kept === undefined;
      if (!empty) throw new Error(`A send to nobody returned ${String(kept)}.`);
    },
  };
}

export const benchmarks: readonly Benchmark[] = [sendingTo(1), sendingTo(10), ...toNobody];
