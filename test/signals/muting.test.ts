import { expect } from 'chai';
import { Signal } from 'sequelize-signals';
import { assert, fake } from 'sinon';
import { type Mute, muteEverywhere, muteInFlow } from '#lib/signals/index';

class Order {}

describe('muting', () => {
  let signal: Signal<{ amount: number }>;

  beforeEach(() => {
    signal = new Signal({ name: 'orderPaid' });
  });

  async function sent(sender: unknown = Order): Promise<number> {
    return (await signal.send(sender, { amount: 12 })).length;
  }

  describe('muteEverywhere()', () => {
    const ends: (() => void)[] = [];

    function mute(options: Omit<Mute, 'signal'> = {}): () => void {
      const end = muteEverywhere([{ signal, ...options }]);
      ends.push(end);
      return end;
    }

    afterEach(() => {
      for (const end of ends.splice(0)) end();
    });

    for (const form of [
      'send',
      'sendRobust',
      'sendSync',
      'sendRobustSync',
      'asend',
      'asendRobust',
    ] as const) {
      it(`keeps receivers from ${form}()`, async () => {
        const receiver = fake();
        signal.connect(receiver);
        mute();

        expect(await signal[form](Order, { amount: 12 })).to.deep.equal([]);
        assert.notCalled(receiver);
      });
    }

    it('leaves other signals alone', async () => {
      const other = new Signal();
      other.connect(fake());
      mute();

      expect(await other.send(Order)).to.have.length(1);
      expect(other.hasListeners()).to.equal(true);
    });

    it('may be limited to a sender', async () => {
      signal.connect(fake());
      mute({ sender: Order });

      expect(await sent(Order)).to.equal(0);
      expect(await sent('another')).to.equal(1);
      expect(await sent(null)).to.equal(1);
    });

    it('D-320: nests, in any order, and ends once', async () => {
      signal.connect(fake());
      const [outer, inner] = [mute(), mute()];

      outer();
      outer();
      expect(await sent()).to.equal(0);
      inner();
      expect(await sent()).to.equal(1);
    });

    it('D-323: hides the receivers from hasListeners()', () => {
      signal.connect(fake());
      const end = mute({ sender: Order });

      expect(signal.hasListeners(Order)).to.equal(false);
      expect(signal.hasListeners('another')).to.equal(true);
      end();
      expect(signal.hasListeners(Order)).to.equal(true);
    });

    it('spares receivers and dispatchUids', async () => {
      const spared = fake();
      signal.connect(spared);
      signal.connect(fake(), { dispatchUid: 'uid' });
      signal.connect(fake());
      mute({ except: new Set([spared, 'uid']) });

      expect(await sent()).to.equal(2);
      expect(signal.hasListeners(Order)).to.equal(true);
    });

    it('reports the calls that it prevented, to each mute that did', async () => {
      const [receiver, spared] = [fake(), fake()];
      const [first, second] = [fake(), fake()];
      signal.connect(receiver);
      signal.connect(spared);
      mute({ onSuppressed: first });
      mute({ onSuppressed: second, except: new Set([spared]) });
      const payload = { amount: 12 };

      await signal.send(Order, payload);

      const call = { signal, sender: Order, payload };
      expect(first.args).to.deep.equal([[{ ...call, receiver }], [{ ...call, receiver: spared }]]);
      expect(second.args).to.deep.equal([[{ ...call, receiver }]]);
    });

    it('does not report what hasListeners() asks', () => {
      const onSuppressed = fake();
      signal.connect(fake());
      mute({ onSuppressed });

      signal.hasListeners(Order);

      assert.notCalled(onSuppressed);
    });

    it('D-317: lets receivers run that are connected meanwhile', async () => {
      signal.connect(fake());
      const end = mute();
      signal.connect(fake());

      expect(await sent()).to.equal(1);
      expect(signal.hasListeners()).to.equal(true);
      end();
      expect(await sent()).to.equal(2);
    });

    it('D-318: lets disconnects meanwhile last', async () => {
      const receiver = fake();
      signal.connect(receiver);
      const end = mute();

      expect(signal.disconnect(receiver)).to.equal(true);
      end();
      expect(await sent()).to.equal(0);
    });

    it('D-319: does not double a receiver that is connected again meanwhile', async () => {
      const receiver = fake();
      signal.connect(receiver);
      const end = mute();
      signal.connect(receiver);
      end();

      expect(await sent()).to.equal(1);
    });

    it('does not use up a receiver that is to be called once', async () => {
      signal.connect(fake(), { once: true });
      const end = mute();
      await sent();
      end();

      expect(await sent()).to.equal(1);
    });
  });

  describe('muteInFlow()', () => {
    it('D-322: mutes until the body has settled, and returns its result', async () => {
      signal.connect(fake());

      const during = await muteInFlow([{ signal }], async () => {
        await Promise.resolve();
        return await sent();
      });

      expect(during).to.equal(0);
      expect(await sent()).to.equal(1);
    });

    it('mutes for a body that is synchronous, and returns at once', () => {
      signal.connect(fake());

      expect(muteInFlow([{ signal }], () => signal.hasListeners())).to.equal(false);
      expect(signal.hasListeners()).to.equal(true);
    });

    it('D-323: ends when the body fails', async () => {
      signal.connect(fake());
      const rejected = muteInFlow([{ signal }], () => Promise.reject(new Error('failed')));
      await rejected.catch(() => {});
      expect(await sent()).to.equal(1);

      expect(() =>
        muteInFlow([{ signal }], () => {
          throw new Error('failed');
        }),
      ).to.throw('failed');
      expect(await sent()).to.equal(1);
    });

    it('D-324: leaves other flows alone', async () => {
      signal.connect(fake());
      let release: () => void = () => {};
      const muted = muteInFlow([{ signal }], async () => {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        return await sent();
      });

      expect(await sent()).to.equal(1);
      release();
      expect(await muted).to.equal(0);
    });

    it('nests', async () => {
      const other = new Signal();
      signal.connect(fake());
      other.connect(fake());

      await muteInFlow([{ signal }], async () => {
        await muteInFlow([{ signal: other }], async () => {
          expect(await sent()).to.equal(0);
          expect(await other.send(null)).to.have.length(0);
        });
        expect(await other.send(null)).to.have.length(1);
      });
    });

    it('does not mute work that outlives it, though another mute is active', async () => {
      signal.connect(fake());
      let late: Promise<number> | undefined;
      let release: () => void = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      await muteInFlow([{ signal }], () => {
        late = released.then(() => sent());
      });

      const end = muteEverywhere([{ signal: new Signal() }]);
      release();

      expect(await late).to.equal(1);
      end();
    });
  });
});
