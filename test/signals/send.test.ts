import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import { InvalidArgumentError, Signal, type SignalEvent, type Undo } from 'sequelize-signals';
import { assert, fake } from 'sinon';
import { rejectionOf } from '../support/rejection.js';

class Order {}

interface Paid {
  amount: number;
  lines?: string[];
}

describe('Signal', () => {
  let signal: Signal<Paid>;

  beforeEach(() => {
    signal = new Signal({ name: 'orderPaid' });
  });

  describe('#send()', () => {
    it('D-050: calls each receiver with the payload, the signal and the sender', async () => {
      const receiver = fake();
      signal.connect(receiver);

      await signal.send(Order, { amount: 12 });

      assert.calledOnceWithExactly(receiver, { signal, sender: Order, amount: 12 });
    });

    it('J-08: gives each receiver an event of its own, with shared values', async () => {
      const events: SignalEvent<Paid>[] = [];
      signal.connect((event) => {
        events.push(event);
        event.amount = 0;
        event.lines?.push('first');
        Object.assign(event, { sender: 'forged', more: true });
      });
      signal.connect((event) => events.push(event));
      const payload = { amount: 12, lines: [] };

      await signal.send(Order, payload);

      expect(events[1]).to.deep.equal({ signal, sender: Order, amount: 12, lines: ['first'] });
      expect(payload).to.deep.equal({ amount: 12, lines: ['first'] });
    });

    it('D-052: resolves to the receivers with their responses, undefined ones too', async () => {
      const [silent, talking] = [() => {}, () => 'thanks'];
      signal.connect(silent);
      signal.connect(talking);

      expect(await signal.send(Order, { amount: 12 })).to.deep.equal([
        [silent, undefined],
        [talking, 'thanks'],
      ]);
    });

    it('D-053: resolves to nothing when there is no receiver', async () => {
      signal.connect(fake(), { sender: 'another' });

      expect(await signal.send(Order, { amount: 12 })).to.deep.equal([]);
    });

    it('D-057, D-058, J-01: keeps the connection order whatever receivers are async', async () => {
      const log: string[] = [];
      signal.connect(async () => {
        await Promise.resolve();
        return log.push('async');
      });
      signal.connect(() => log.push('sync'));
      signal.connect(() => Promise.resolve(log.push('promise')));

      const responses = await signal.send(Order, { amount: 12 });

      expect(log).to.deep.equal(['async', 'sync', 'promise']);
      expect(responses.map(([, response]) => response)).to.deep.equal([1, 2, 3]);
    });

    it('D-060, J-01: awaits each receiver before it calls the next', async () => {
      const { promise, resolve } = deferred();
      const next = fake();
      signal.connect(() => promise);
      signal.connect(next);

      const sending = signal.send(Order, { amount: 12 });
      await Promise.resolve();
      assert.notCalled(next);
      resolve('settled');

      expect((await sending)[0]?.[1]).to.equal('settled');
      assert.calledOnce(next);
    });

    it('calls receivers at once until one returns a promise', () => {
      const receiver = fake();
      signal.connect(receiver);

      signal.send(Order, { amount: 12 }).catch(() => {});

      assert.calledOnce(receiver);
    });

    it('D-017, J-02: awaits anything that can be awaited', async () => {
      const thenable = {
        // biome-ignore lint/suspicious/noThenProperty: this is what the test is about
        then: (resolve: (value: string) => void) => resolve('awaited'),
      };
      signal.connect(() => thenable);

      expect((await signal.send(Order, { amount: 12 }))[0]?.[1]).to.equal('awaited');
    });

    it('D-016: awaits what a call returns, though the call before returned no promise', async () => {
      let calls = 0;
      signal.connect(() => {
        calls += 1;
        return calls === 1 ? 'at once' : Promise.resolve('awaited');
      });

      expect((await signal.send(Order, { amount: 12 }))[0]?.[1]).to.equal('at once');
      expect((await signal.send(Order, { amount: 12 }))[0]?.[1]).to.equal('awaited');
    });

    it('D-018: awaits an asynchronous method', async () => {
      class Ledger {
        readonly owner = 'Ada';

        async add() {
          await Promise.resolve();
          return this.owner;
        }
      }
      const ledger = new Ledger();
      signal.connect(ledger.add, { thisArg: ledger });

      expect((await signal.send(Order, { amount: 12 }))[0]?.[1]).to.equal('Ada');
    });

    it('takes an object with a "then" that is no function for a response', async () => {
      // biome-ignore lint/suspicious/noThenProperty: this is what the test is about
      const response = { then: 'now' };
      signal.connect(() => response);

      expect((await signal.send(Order, { amount: 12 }))[0]?.[1]).to.equal(response);
    });

    it('D-055: stops at the first error and rejects with it', async () => {
      const error = new Error('failed');
      const next = fake();
      signal.connect(fake.throws(error));
      signal.connect(next);

      expect(await rejectionOf(signal.send(Order, { amount: 12 }))).to.equal(error);
      assert.notCalled(next);
    });

    it('D-055: stops at the first rejection and rejects with it', async () => {
      const error = new Error('failed');
      const next = fake();
      signal.connect(fake.rejects(error));
      signal.connect(next);

      expect(await rejectionOf(signal.send(Order, { amount: 12 }))).to.equal(error);
      assert.notCalled(next);
    });

    it('D-059: has called the asynchronous receivers before a failing one, and none after', async () => {
      const [before, after] = [fake.resolves('done'), fake.resolves('done')];
      signal.connect(before);
      signal.connect(fake.throws('failed'));
      signal.connect(after);

      await rejectionOf(signal.send(Order, { amount: 12 }));

      assert.calledOnce(before);
      assert.notCalled(after);
    });

    it('passes on what is thrown without being an error', async () => {
      signal.connect(() => {
        throw 'thrown';
      });

      expect(await rejectionOf(signal.send(Order, { amount: 12 }))).to.equal('thrown');
    });

    it('D-023: leaves a receiver that is connected meanwhile to the next send', async () => {
      const late = fake();
      signal.connect(() => void signal.connect(late));

      await signal.send(Order, { amount: 12 });
      assert.notCalled(late);
      await signal.send(Order, { amount: 12 });

      assert.calledOnce(late);
    });

    it('D-031: calls a receiver that is disconnected meanwhile, for the last time', async () => {
      const late = fake();
      signal.connect(() => void signal.disconnect(late));
      signal.connect(() => Promise.resolve());
      signal.connect(late);

      await signal.send(Order, { amount: 12 });
      await signal.send(Order, { amount: 12 });

      assert.calledOnce(late);
    });

    it('D-032: lets a receiver disconnect itself', async () => {
      const next = fake();
      const undo: Undo = signal.connect(() => undo());
      signal.connect(next);

      await signal.send(Order, { amount: 12 });
      await signal.send(Order, { amount: 12 });

      assert.calledTwice(next);
    });

    it('D-056, D-061: lets an asynchronous receiver send the same signal', async () => {
      const amounts: number[] = [];
      signal.connect(async ({ amount }) => {
        amounts.push(amount);
        if (amount > 1) await signal.send(Order, { amount: amount - 1 });
      });

      await signal.send(Order, { amount: 3 });

      expect(amounts).to.deep.equal([3, 2, 1]);
    });

    it('J-13: calls receivers in the flow of the sender', async () => {
      const storage = new AsyncLocalStorage<string>();
      const seen: unknown[] = [];
      signal.connect(async () => {
        await Promise.resolve();
        seen.push(storage.getStore());
      });
      signal.connect(() => seen.push(storage.getStore()));

      await storage.run('flow', () => signal.send(Order, { amount: 12 }));

      expect(seen).to.deep.equal(['flow', 'flow']);
    });

    it('D-045: does not read the payload when nobody listens', async () => {
      const read = fake.returns(12);
      signal.connect(fake(), { sender: 'another' });
      const payload = Object.defineProperty({ amount: 0 }, 'amount', { get: read });

      await signal.send(Order, payload);

      assert.notCalled(read);
    });

    it('takes no payload for an empty one', async () => {
      const bare = new Signal();
      const receiver = fake();
      bare.connect(receiver);

      await bare.send(Order);

      assert.calledOnceWithExactly(receiver, { signal: bare, sender: Order });
    });
  });

  const forms = [
    'send',
    'sendRobust',
    'sendSync',
    'sendRobustSync',
    'asend',
    'asendRobust',
  ] as const;
  for (const form of forms) {
    describe(`#${form}()`, () => {
      for (const payload of [{ signal: 1 }, { sender: undefined }, null, 'text', [12], () => {}]) {
        const shown = typeof payload === 'function' ? 'a function' : JSON.stringify(payload);

        it(`D-051: refuses the payload ${shown} before any receiver is called`, async () => {
          const receiver = fake();
          signal.connect(receiver);

          const attempt = async () => signal[form](Order, payload as unknown as Paid);

          const error = await rejectionOf(attempt);
          expect(error).to.be.an.instanceOf(InvalidArgumentError);
          expect(error.message).to.include('orderPaid');
          assert.notCalled(receiver);
        });
      }

      if (!form.endsWith('Sync')) {
        it('rejects and does not throw', async () => {
          const sending = signal[form](Order, null as unknown as Paid) as Promise<unknown>;

          expect(await rejectionOf(sending)).to.be.an.instanceOf(InvalidArgumentError);
        });
      }
    });
  }
});

function deferred() {
  let resolve: (value: unknown) => void = () => {};
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
