import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import { Signal } from 'sequelize-signals';
import { assert, fake } from 'sinon';
import { captureLog } from '../support/logged.js';
import { rejectionOf } from '../support/rejection.js';

class Order {}

describe('Signal', () => {
  const logged = captureLog();
  let signal: Signal;

  beforeEach(() => {
    signal = new Signal({ name: 'orderPaid' });
  });

  for (const form of ['asend', 'asendRobust'] as const) {
    describe(`#${form}()`, () => {
      it('D-060, D-062, D-066: starts all in connection order, whatever settles first', async () => {
        const log: string[] = [];
        let release: () => void = () => {};
        const released = new Promise<void>((resolve) => {
          release = resolve;
        });
        signal.connect(async () => {
          log.push('slow starts');
          await released;
          return 'slow';
        });
        signal.connect(() => {
          log.push('sync');
          return 'sync';
        });
        signal.connect(async () => {
          log.push('fast');
          release();
          return 'fast';
        });

        const responses = await signal[form](Order);

        expect(log).to.deep.equal(['slow starts', 'sync', 'fast']);
        expect(responses.map(([, response]) => response)).to.deep.equal(['slow', 'sync', 'fast']);
      });

      it('D-063, D-064: has called every receiver when it returns, one at a time', async () => {
        const log: string[] = [];
        signal.connect(async () => log.push('async'));
        signal.connect(() => log.push('sync'));
        signal.connect(async () => log.push('async too'));

        const sending = signal[form](Order);
        expect(log).to.deep.equal(['async', 'sync', 'async too']);

        await sending;
      });

      it('D-068: calls receivers in the flow of the sender, which sees what they leave in it', async () => {
        const flow = new AsyncLocalStorage<string[]>();
        const left: string[] = [];
        signal.connect(async () => {
          await Promise.resolve();
          flow.getStore()?.push('async');
        });
        signal.connect(() => void flow.getStore()?.push('sync'));

        await flow.run(left, () => signal[form](Order));

        expect(left).to.deep.equal(['sync', 'async']);
      });

      it('D-023, D-031: works on a snapshot', async () => {
        const [late, gone] = [fake(), fake()];
        signal.connect(() => {
          signal.connect(late);
          signal.disconnect(gone);
        });
        signal.connect(gone);

        await signal[form](Order);

        assert.notCalled(late);
        assert.calledOnce(gone);
      });

      it('D-053: resolves to nothing when there is no receiver', async () => {
        expect(await signal[form](Order)).to.deep.equal([]);
      });
    });
  }

  describe('#asend()', () => {
    it('D-065, J-04: throws one failure as it is, once all have settled', async () => {
      const error = new Error('failed');
      const finished = fake();
      signal.connect(fake.throws(error));
      signal.connect(async () => {
        await new Promise((resolve) => setImmediate(resolve));
        finished();
      });

      expect(await rejectionOf(signal.asend(Order))).to.equal(error);
      assert.calledOnce(finished);
    });

    it('J-04: throws undefined as it is, when that is thrown', async () => {
      signal.connect(() => Promise.reject());

      expect(await rejectionOf(signal.asend(Order))).to.equal(undefined);
    });

    it('D-067, J-04: throws several failures together, in connection order', async () => {
      const late = new Error('late');
      signal.connect(async function charge() {
        await Promise.resolve();
        throw late;
      });
      signal.connect(() => 'fine');
      signal.connect(function ship() {
        throw 'thrown';
      });

      const error = await rejectionOf<AggregateError>(signal.asend(Order));

      expect(error).to.be.an.instanceOf(AggregateError);
      expect(error.errors).to.deep.equal([late, 'thrown']);
      expect(error.message).to.include('orderPaid').and.include('"charge", "ship"');
      expect(logged()).to.deep.equal([]);
    });
  });

  describe('#asendRobust()', () => {
    it('D-074: returns errors as responses, and logs them in connection order', async () => {
      const [late, soon] = [new Error('late'), new Error('soon')];
      signal.connect(async () => {
        await Promise.resolve();
        throw late;
      });
      signal.connect(fake.throws(soon));
      signal.connect(fake.returns('fine'));

      const responses = await signal.asendRobust(Order);

      expect(responses.map(([, response]) => response)).to.deep.equal([late, soon, 'fine']);
      expect(logged().map(([, error]) => error)).to.deep.equal([late, soon]);
    });
  });
});
