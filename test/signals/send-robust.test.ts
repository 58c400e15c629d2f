import { createContext, runInContext } from 'node:vm';
import { expect } from 'chai';
import { NonErrorThrownError, Signal } from 'sequelize-signals';
import { assert, fake } from 'sinon';
import { captureLog } from '../support/logged.js';
import { ODD_NAMES, ODD_THROWN } from '../support/odd-values.js';

class Order {}

describe('Signal', () => {
  const logged = captureLog();
  let signal: Signal;

  beforeEach(() => {
    signal = new Signal({ name: 'orderPaid' });
  });

  for (const form of ['sendRobust', 'sendRobustSync', 'asendRobust'] as const) {
    describe(`#${form}()`, () => {
      it('D-069: calls every receiver, and returns an error as the response', async () => {
        const error = new Error('failed');
        const [failing, next] = [fake.throws(error), fake.returns('fine')];
        signal.connect(failing);
        signal.connect(next);

        expect(await signal[form](Order)).to.deep.equal([
          [failing, error],
          [next, 'fine'],
        ]);
      });

      it('D-071, D-072: logs each failure once, with the names and the error', async () => {
        const [first, second] = [new Error('first text'), new Error('second text')];
        signal.connect(function charge() {
          throw first;
        });
        signal.connect(() => 'fine');
        signal.connect(
          function ship() {
            throw second;
          },
          { dispatchUid: 'post' },
        );

        await signal[form](Order);

        expect(logged().map(([, error]) => error)).to.deep.equal([first, second]);
        const [one, other] = logged().map(([message]) => message);
        expect(one).to.match(
          /^orderPaid receiver "charge" \(.*send-robust\.test\.\w+:\d+:\d+\) failed: first text$/,
        );
        expect(other).to.match(
          /^orderPaid receiver "ship" \(dispatchUid 'post', .*:\d+:\d+\) failed: second text$/,
        );
      });

      for (const [what, thrown] of Object.entries(ODD_THROWN)) {
        it(`D-069: survives a receiver that throws ${what}`, async () => {
          const next = fake.returns('fine');
          signal.connect(() => {
            throw thrown;
          });
          signal.connect(next);

          const [failed, fine] = await signal[form](Order);

          const error = failed?.[1] as NonErrorThrownError;
          expect(error === thrown || error.cause === thrown).to.equal(true);
          expect(fine).to.deep.equal([next, 'fine']);
          expect(logged().map(([, reported]) => reported === error)).to.deep.equal([true]);
        });
      }

      for (const [how, named] of Object.entries(ODD_NAMES)) {
        it(`D-073: survives a receiver whose name ${how}`, async () => {
          const next = fake.returns('fine');
          signal.connect(
            named(() => {
              throw new Error('text');
            }),
          );
          signal.connect(next);

          await signal[form](Order);

          expect(logged()).to.have.length(1);
          expect(logged()[0]?.[0]).to.match(/^orderPaid receiver "anonymous" \(.*\) failed: text$/);
          assert.calledOnce(next);
        });
      }

      it('D-070, J-11: wraps what is thrown without being an error', async () => {
        signal.connect(function charge() {
          throw 'thrown';
        });

        const [pair] = await signal[form](Order);

        const error = pair?.[1] as NonErrorThrownError;
        expect(error).to.be.an.instanceOf(NonErrorThrownError);
        expect(error.cause).to.equal('thrown');
        expect(error.message).to.include('orderPaid receiver "charge"');
        expect(logged().map(([, reported]) => reported)).to.deep.equal([error]);
      });

      it('J-11: wraps undefined when that is thrown', async () => {
        signal.connect(() => {
          throw undefined;
        });

        const [pair] = await signal[form](Order);

        expect(pair?.[1])
          .to.be.an.instanceOf(NonErrorThrownError)
          .with.property('cause', undefined);
      });

      it('leaves an error from another realm as it is', async () => {
        const error = runInContext('new Error("foreign")', createContext());
        signal.connect(() => {
          throw error;
        });

        expect((await signal[form](Order))[0]?.[1]).to.equal(error);
      });

      it('D-073, J-12: survives receivers without a usable name', async () => {
        const names = ['', 'charge', 'bound charge', 'bound bound charge', 'bound ', 42];
        const receivers = [...names.map(failingAs), fake.throws('failed')];
        for (const receiver of receivers) signal.connect(receiver);

        const responses = await signal[form](Order);

        expect(responses).to.have.length(receivers.length);
        expect(logged().map(([message]) => message.split('"')[1])).to.deep.equal([
          'anonymous',
          'charge',
          'charge',
          'charge',
          'anonymous',
          'anonymous',
          'fake',
        ]);
      });

      it('reports nothing when all goes well', async () => {
        signal.connect(() => 'fine');

        await signal[form](Order);

        expect(logged()).to.deep.equal([]);
      });
    });
  }

  describe('#sendRobust()', () => {
    it('D-069, J-02: takes a rejection for a failure, and awaits each before the next', async () => {
      const error = new Error('failed');
      const log: string[] = [];
      signal.connect(async () => {
        await Promise.resolve();
        log.push('first');
        throw error;
      });
      signal.connect(() => log.push('second'));

      const responses = await signal.sendRobust(Order);

      expect(log).to.deep.equal(['first', 'second']);
      expect(responses.map(([, response]) => response)).to.deep.equal([error, 2]);
      expect(logged()).to.have.length(1);
    });

    it('takes a "then" that throws for a failure', async () => {
      const next = fake();
      const broken = {
        // biome-ignore lint/suspicious/noThenProperty: this is what the test is about
        get then(): never {
          throw new Error('broken');
        },
      };
      signal.connect(() => broken);
      signal.connect(next);

      const [pair] = await signal.sendRobust(Order);

      expect(pair?.[1]).to.be.an('error').with.property('message', 'broken');
      assert.calledOnce(next);
    });
  });
});

/** A receiver that throws, and whose `name` is what is given. */
function failingAs(name: unknown): () => never {
  const receiver = () => {
    throw new Error('failed');
  };
  return Object.defineProperty(receiver, 'name', { value: name });
}
