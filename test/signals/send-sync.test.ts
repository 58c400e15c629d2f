import { expect } from 'chai';
import { AsyncReceiverError, Signal } from 'sequelize-signals';
import { assert, fake } from 'sinon';
import { captureLog } from '../support/logged.js';

class Order {}

describe('Signal', () => {
  const logged = captureLog();
  let signal: Signal<{ amount: number }>;

  beforeEach(() => {
    signal = new Signal({ name: 'orderPaid' });
  });

  describe('#sendSync()', () => {
    it('D-050, D-052: returns the receivers with their responses', () => {
      const receiver = fake.returns('thanks');
      signal.connect(receiver);

      expect(signal.sendSync(Order, { amount: 12 })).to.deep.equal([[receiver, 'thanks']]);
      assert.calledOnceWithExactly(receiver, { signal, sender: Order, amount: 12 });
    });

    it('D-055: stops at the first error and throws it', () => {
      const error = new Error('failed');
      const next = fake();
      signal.connect(fake.throws(error));
      signal.connect(next);

      expect(() => signal.sendSync(Order, { amount: 12 })).to.throw(error);
      assert.notCalled(next);
    });

    it('J-03: refuses a receiver that returns a promise, by name, and calls no more', () => {
      const next = fake();
      signal.connect(async function charge() {});
      signal.connect(next);

      expect(() => signal.sendSync(Order, { amount: 12 }))
        .to.throw(AsyncReceiverError, 'orderPaid receiver "charge" returned a promise')
        .with.property('message')
        .that.includes('send()');
      assert.notCalled(next);
    });

    it('J-03: leaves no rejection unhandled', async () => {
      const unhandled = fake();
      process.on('unhandledRejection', unhandled);
      signal.connect(() => Promise.reject(new Error('lost')));

      expect(() => signal.sendSync(Order, { amount: 12 })).to.throw(AsyncReceiverError);
      expect(signal.sendRobustSync(Order, { amount: 12 })).to.have.length(1);
      await new Promise((resolve) => setImmediate(resolve));

      process.off('unhandledRejection', unhandled);
      assert.notCalled(unhandled);
    });
  });

  describe('#sendRobustSync()', () => {
    it('J-03: returns and logs the refusal of each promise, and calls the others', () => {
      const next = fake.returns('fine');
      signal.connect(async function charge() {});
      signal.connect(next);
      signal.connect(async function ship() {});

      const [first, second, third] = signal.sendRobustSync(Order, { amount: 12 });

      expect(first?.[1]).to.be.an.instanceOf(AsyncReceiverError);
      expect(second).to.deep.equal([next, 'fine']);
      expect(third?.[1]).to.be.an.instanceOf(AsyncReceiverError);
      expect(logged().map(([, error]) => error)).to.deep.equal([first?.[1], third?.[1]]);
    });
  });
});
