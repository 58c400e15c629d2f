import { expect } from 'chai';
import { configure, Signal } from 'sequelize-signals';
import { fake, type SinonFakeTimers, useFakeTimers } from 'sinon';
import { deferred } from '../support/deferred.js';

describe('receivers that do not settle', () => {
  const warn = fake();
  let clock: SinonFakeTimers;
  let signal: Signal;

  beforeEach(() => {
    warn.resetHistory();
    configure({ logger: { error: fake(), warn } });
    clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    signal = new Signal({ name: 'orderPaid' });
  });
  afterEach(() => configure({ logger: null }));

  const warnings = () => warn.args.map(([message]) => String(message));
  const never = () => new Promise<void>(() => {});

  for (const form of ['send', 'sendRobust', 'asend', 'asendRobust'] as const) {
    it(`are warned of once by ${form}, with name and dispatchUid`, async () => {
      const { promise, resolve } = deferred<void>();
      signal.connect(
        function charge() {
          return promise;
        },
        { dispatchUid: 'stripe' },
      );
      const sent = signal[form]('shop');

      await clock.tickAsync(2_900);
      expect(warnings()).to.deep.equal([]);
      await clock.tickAsync(100);
      await clock.tickAsync(60_000);

      expect(warnings()).to.have.length(1);
      expect(warnings()[0]).to.match(
        /^orderPaid receiver "charge" \(dispatchUid 'stripe'\) has not settled for 3 seconds/,
      );
      resolve();
      await sent;
    });
  }

  it('are not warned of when they settle or fail in time', async () => {
    const calls = [deferred<void>(), deferred<void>()];
    signal.connect(() => calls[0]?.promise);
    const other = new Signal();
    other.connect(async () => {
      await calls[1]?.promise;
      throw new Error('late');
    });
    const ends = [signal.send(null), other.sendRobust(null)];

    await clock.tickAsync(2_700);
    for (const { resolve } of calls) resolve();
    await Promise.all(ends);
    await clock.tickAsync(60_000);

    expect(warnings()).to.deep.equal([]);
  });

  it('are given their time also while others are waited for', async () => {
    signal.connect(never);
    void signal.send(null);
    await clock.tickAsync(1_400);
    const later = new Signal({ name: 'orderSent' });
    later.connect(never);
    void later.send(null);

    await clock.tickAsync(1_600);
    expect(warnings().map((text) => text.split(' ')[0])).to.deep.equal(['orderPaid']);
    await clock.tickAsync(1_400);
    expect(warnings()).to.have.length(1);
    await clock.tickAsync(1_600);
    expect(warnings().map((text) => text.split(' ')[0])).to.deep.equal(['orderPaid', 'orderSent']);
  });

  it('have one timer together, which ends with the last of them', async () => {
    const calls = [deferred<void>(), deferred<void>(), deferred<void>()];
    for (const { promise } of calls) signal.connect(() => promise);
    const ends = [signal.asend(null), signal.send(null)];
    expect(clock.countTimers()).to.equal(1);

    for (const { resolve } of calls) resolve();
    await Promise.all(ends);
    await clock.tickAsync(60_000);

    expect(clock.countTimers()).to.equal(0);
    expect(warnings()).to.deep.equal([]);
  });

  it('take no timer where receivers are synchronous', async () => {
    signal.connect(() => 1);

    await signal.send(null);
    await signal.asend(null);

    expect(clock.countTimers()).to.equal(0);
  });

  it('are warned of though a test has taken the timers away meanwhile', async () => {
    signal.connect(never);
    void signal.send(null);
    clock.restore();
    clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

    void signal.send(null);
    await clock.tickAsync(3_000);

    expect(warnings()).to.have.length(2);
  });
});
