import { expect } from 'chai';
import { Signal, type SignalsError } from 'sequelize-signals';
import { muteSignals, recordSignal } from 'sequelize-signals/testing';
import { assert, fake } from 'sinon';
import { rejectionOf } from '../support/rejection.js';

describe('recordSignal()', () => {
  let signal: Signal<{ n: number }>;

  beforeEach(() => {
    signal = new Signal({ name: 'signal' });
  });

  it('records the events, in order, until it is disposed of', async () => {
    const recording = recordSignal(signal);
    await signal.send('a', { n: 1 });
    await signal.send('b', { n: 2 });
    recording[Symbol.dispose]();
    await signal.send('c', { n: 3 });

    expect(recording.events).to.deep.equal([
      { signal, sender: 'a', n: 1 },
      { signal, sender: 'b', n: 2 },
    ]);
    expect(recording.count).to.equal(2);
  });

  it('records one sender', async () => {
    using recording = recordSignal(signal, { sender: 'a' });
    await signal.send('a', { n: 1 });
    await signal.send('b', { n: 2 });

    expect(recording.events.map(({ n }) => n)).to.deep.equal([1]);
  });

  it('leaves nothing connected', () => {
    {
      using _recording = recordSignal(signal);
      expect(signal.hasListeners()).to.equal(true);
    }

    expect(signal.hasListeners()).to.equal(false);
  });

  it('records what is muted for the others', async () => {
    const receiver = fake();
    signal.connect(receiver);

    const count = await muteSignals(signal).run(async () => {
      using recording = recordSignal(signal);
      await signal.send('a', { n: 1 });
      return recording.count;
    });

    expect(count).to.equal(1);
    assert.notCalled(receiver);
  });

  describe('#next()', () => {
    it('resolves to the next event, for all who wait', async () => {
      using recording = recordSignal(signal);
      await signal.send('a', { n: 1 });
      const waiting = [recording.next(), recording.next()];
      await signal.send('a', { n: 2 });
      await signal.send('a', { n: 3 });

      expect((await Promise.all(waiting)).map(({ n }) => n)).to.deep.equal([2, 2]);
    });

    it('rejects when the recording ends', async () => {
      const recording = recordSignal(signal);
      const waiting = recording.next();
      recording[Symbol.dispose]();

      for (const next of [waiting, recording.next()]) {
        const error = await rejectionOf<SignalsError>(next);
        expect(error.code).to.equal('SIGNALS_RECORDING_ENDED');
      }
    });
  });

  it('refuses wrong arguments at the call', () => {
    const given = recordSignal as (...given: unknown[]) => unknown;

    expect(() => given('postSave')).to.throw(TypeError, /needs a Signal/);
    expect(() => given(signal, { using: 'default' })).to.throw(TypeError, /"using"/);
    expect(signal.hasListeners()).to.equal(false);
  });
});
