import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import { DataTypes, Model, type Sequelize } from 'sequelize';
import {
  type Connection,
  configure,
  install,
  postDelete,
  postSave,
  Signal,
} from 'sequelize-signals';
import { type MuteOptions, muteSignals } from 'sequelize-signals/testing';
import { assert, fake } from 'sinon';
import { describeOnEachDatabase } from '../support/databases.js';
import { deferred } from '../support/deferred.js';

describe('muteSignals()', () => {
  let signal: Signal<{ n?: number }>;
  let receiver: ReturnType<typeof fake>;

  beforeEach(() => {
    signal = new Signal({ name: 'signal' });
    receiver = fake();
    signal.connect(receiver);
  });

  async function sends(): Promise<boolean> {
    return (await signal.send('sender')).length > 0;
  }

  describe('#run()', () => {
    it('mutes until the body has settled, and resolves to its result (D-316)', async () => {
      const heard = await muteSignals(signal).run(async () => {
        await Promise.resolve();
        return sends();
      });

      expect(heard).to.equal(false);
      expect(await sends()).to.equal(true);
    });

    it('runs a body that is synchronous', async () => {
      expect(await muteSignals(signal).run(() => signal.hasListeners())).to.equal(false);
    });

    it('ends when the body fails (D-323)', async () => {
      const failing = muteSignals(signal).run(() => {
        throw new Error('no');
      });

      await failing.catch(() => {});
      expect(await sends()).to.equal(true);
    });

    it('mutes several signals, and no others', async () => {
      const second = new Signal();
      const third = new Signal();
      second.connect(receiver);
      third.connect(receiver);

      await muteSignals(signal, second).run(async () => {
        expect([await sends(), second.hasListeners(), third.hasListeners()]).to.deep.equal([
          false,
          false,
          true,
        ]);
      });
    });

    it('mutes in its own asynchronous flow alone (D-324, J-31)', async () => {
      const end = deferred();
      const muted = muteSignals(signal).run(() => end.promise.then(sends));

      expect(await sends()).to.equal(true);
      end.resolve();
      expect(await muted).to.equal(false);
    });

    it('mutes in each of a hundred flows what that flow wants, and nothing else', async () => {
      const flow = new AsyncLocalStorage<number>();
      const heard = Array.from({ length: 100 }, (): number[] => []);
      const signals = heard.map((_, number) => {
        const numbered = new Signal<object>({ name: `signal ${number}` });
        numbered.connect(() => heard[flow.getStore() ?? -1]?.push(number));
        return numbered;
      });
      const [first, ...rest] = signals;
      if (!first) throw new Error('there is no signal');

      const suppressed = await Promise.all(
        heard.map((_, number) =>
          flow.run(number, () =>
            muteSignals(signals[number] ?? first).run(async (muted) => {
              for (const numbered of [first, ...rest]) {
                await numbered.send(number);
                await new Promise((resolve) => setImmediate(resolve));
              }
              return muted.suppressed.map((call) => [call.signal.name, call.sender]);
            }),
          ),
        ),
      );

      const all = signals.map((_, number) => number);
      heard.forEach((numbers, own) => {
        expect(numbers).to.deep.equal(all.filter((number) => number !== own));
        expect(suppressed[own]).to.deep.equal([[`signal ${own}`, own]]);
      });
    });

    it('nests, with itself too (D-320)', async () => {
      const mute = muteSignals(signal);

      await mute.run(async () => {
        await mute.run(async () => expect(await sends()).to.equal(false));
        expect(await sends()).to.equal(false);
      });

      expect(await sends()).to.equal(true);
    });
  });

  describe('#everywhere()', () => {
    it('mutes in the whole process until it is disposed of', async () => {
      const muted = muteSignals(signal).everywhere();
      const heardElsewhere = await new Promise((resolve) => {
        setImmediate(() => resolve(signal.hasListeners()));
      });
      muted[Symbol.dispose]();

      expect(heardElsewhere).to.equal(false);
      expect(await sends()).to.equal(true);
    });

    it('ends with its scope', async () => {
      {
        using muted = muteSignals(signal).everywhere();
        expect(await sends()).to.equal(false);
        expect(muted.suppressed).to.have.length(1);
      }

      expect(await sends()).to.equal(true);
    });

    it('nests, with itself too, and ends in any order (D-320)', async () => {
      const mute = muteSignals(signal);
      const first = mute.everywhere();
      const second = mute.everywhere();

      first[Symbol.dispose]();
      first[Symbol.dispose]();
      expect(await sends()).to.equal(false);

      second[Symbol.dispose]();
      expect(await sends()).to.equal(true);
    });
  });

  describe('as a wrapper', () => {
    it('mutes each call of a function, and keeps this, arguments and name (D-321, D-322)', async () => {
      const quiet = muteSignals(signal)(async function addTo(this: { n: number }, n: number) {
        await Promise.resolve();
        return [this.n + n, await sends()];
      });

      expect(await quiet.call({ n: 1 }, 2)).to.deep.equal([3, false]);
      expect(quiet.name).to.equal('addTo');
      expect(await sends()).to.equal(true);
    });

    it('leaves a synchronous function synchronous', () => {
      const heard = muteSignals(signal)(() => signal.hasListeners())();

      expect(heard).to.equal(false);
      expect(signal.hasListeners()).to.equal(true);
    });

    it('mutes the steps of a generator (J-30)', async () => {
      const mute = muteSignals(signal);
      const steps = mute(function* () {
        yield signal.hasListeners();
        yield signal.hasListeners();
      })();
      const asyncSteps = mute(async function* () {
        yield await sends();
      })();

      expect([...steps]).to.deep.equal([false, false]);
      for await (const heard of asyncSteps) expect(heard).to.equal(false);
      expect(await sends()).to.equal(true);
    });
  });

  describe('as a decorator', () => {
    it('mutes a method, a static one too', async () => {
      class Import {
        heard = true;
        @muteSignals(signal)
        async run() {
          this.heard = await sends();
        }
        @muteSignals(signal)
        static count() {
          return signal.hasListeners();
        }
        loud() {
          return signal.hasListeners();
        }
      }
      const one = new Import();
      await one.run();

      expect([one.heard, Import.count(), one.loud()]).to.deep.equal([false, false, true]);
    });

    it('mutes all methods of a class, inherited ones too (D-321)', async () => {
      class Factory {
        readonly model = 'model';
        static create() {
          return new Factory().build();
        }
        async build() {
          return sends();
        }
      }
      @muteSignals(signal)
      class QuietFactory extends Factory {
        static readonly made = Factory;
        async own() {
          return [this.model, await sends()];
        }
        get heard() {
          return signal.hasListeners();
        }
      }

      expect(await QuietFactory.create()).to.equal(false);
      expect(await new QuietFactory().build()).to.equal(false);
      expect(await new QuietFactory().own()).to.deep.equal(['model', false]);
      expect(new QuietFactory().heard).to.equal(true);
      expect(QuietFactory.made).to.equal(Factory);
      expect(await Factory.create()).to.equal(true);
    });

    it('is a legacy decorator as well', async () => {
      const descriptor = { value: sends, enumerable: false, configurable: true };

      const decorated = muteSignals(signal)({}, 'sends', descriptor);

      expect(await decorated.value()).to.equal(false);
      expect(decorated).to.include({ enumerable: false, configurable: true });
    });

    it('refuses anything else', () => {
      const decorate = muteSignals(signal) as unknown as (...given: unknown[]) => void;

      expect(() => decorate(undefined, { kind: 'field' })).to.throw(TypeError, /not field/);
      expect(() => decorate(7)).to.throw(TypeError, /not 7/);
    });
  });

  describe('options', () => {
    it('mutes what one sender sends', async () => {
      await muteSignals(signal, { sender: 'sender' }).run(async () => {
        expect(await sends()).to.equal(false);
        expect(await signal.send('other')).to.have.length(1);
      });
    });

    it('mutes what several senders send', async () => {
      await muteSignals(signal, { sender: ['sender', 'third'] }).run(async ({ suppressed }) => {
        expect(await sends()).to.equal(false);
        expect(await signal.send('third')).to.have.length(0);
        expect(await signal.send('other')).to.have.length(1);
        expect(suppressed.map(({ sender }) => sender)).to.deep.equal(['sender', 'third']);
      });
    });

    it('lets some receivers be called, by function or by dispatchUid', async () => {
      const byUid = fake();
      const other = fake();
      signal.connect(byUid, { dispatchUid: 'audit' });
      signal.connect(other);

      await muteSignals(signal, { except: [receiver, 'audit'] }).run(sends);

      assert.calledOnce(receiver);
      assert.calledOnce(byUid);
      assert.notCalled(other);
    });

    it('refuses what it does not know', () => {
      const given = muteSignals as (...given: unknown[]) => unknown;
      const wrong: unknown[][] = [
        [],
        [{ sender: 1 }],
        ['postSave'],
        [undefined, signal],
        [signal, null],
        [signal, { only: [receiver] } as MuteOptions],
        [signal, { except: receiver }],
        [signal, 'sender'],
      ];

      for (const parameters of wrong) expect(() => given(...parameters)).to.throw(TypeError);
    });
  });

  it('mutes all senders where the one that is named is not there, and says so', async () => {
    const warn = fake();
    configure({ logger: { error: fake(), warn } });

    await muteSignals(signal, { sender: undefined }).run(() => signal.send('sender', { n: 1 }));

    configure({ logger: null });
    assert.notCalled(receiver);
    assert.calledOnceWithMatch(warn, /"sender" of muteSignals\(\)/);
  });

  describe('#suppressed', () => {
    it('lists what was left out, call by call', async () => {
      const second = fake();
      signal.connect(second);

      const mute = muteSignals(signal);
      await mute.run(() => signal.send('sender', { n: 1 }));

      expect(mute.suppressed).to.deep.equal([
        { signal, sender: 'sender', payload: { n: 1 }, receiver },
        { signal, sender: 'sender', payload: { n: 1 }, receiver: second },
      ]);
    });

    it('is there for each use by itself, and for all of them', async () => {
      const mute = muteSignals(signal);
      using outer = mute.everywhere();
      await sends();
      const inner = await mute.run(async (muted) => {
        await sends();
        return muted.suppressed;
      });

      expect(outer.suppressed).to.have.length(2);
      expect(inner).to.have.length(1);
      expect(mute.suppressed).to.have.length(3);
    });
  });

  describe('while it is muted', () => {
    it('calls a receiver that is connected meanwhile, which stays, in order (D-317)', async () => {
      const order: string[] = [];
      signal.connect(() => order.push('old'));
      await muteSignals(signal).run(async () => {
        signal.connect(() => order.push('new'));
        await sends();
      });
      await sends();

      expect(order).to.deep.equal(['new', 'old', 'new']);
    });

    it('disconnects for good (D-318)', async () => {
      await muteSignals(signal).run(() => {
        expect(signal.disconnect(receiver)).to.equal(true);
      });

      expect(await sends()).to.equal(false);
    });

    it('connects a receiver again without connecting it twice (D-319)', async () => {
      await muteSignals(signal).run(() => signal.connect(receiver));
      await sends();

      assert.calledOnce(receiver);
    });
  });
});

describeOnEachDatabase('muteSignals() of model signals', (database) => {
  class Order extends Model {}
  class Customer extends Model {}
  let sequelize: Sequelize;
  let connection: Connection;

  before(async () => {
    sequelize = database.connect();
    connection = install(sequelize);
    Order.init({ total: DataTypes.INTEGER }, { sequelize });
    Customer.init({ name: DataTypes.STRING }, { sequelize });
    await sequelize.sync({ force: true });
  });
  after(() => connection.uninstall());

  it('calls nobody, and lists what was not delivered', async () => {
    const receiver = fake();
    using _undo = postSave.connect(receiver);
    using _undoDelete = postDelete.connect(receiver);

    const mute = muteSignals(postSave, postDelete);
    const order = await mute.run(async () => {
      const order = await Order.create({ total: 1 });
      await order.destroy();
      return order;
    });

    assert.notCalled(receiver);
    expect(mute.suppressed.map(({ signal, sender }) => [signal.name, sender])).to.deep.equal([
      ['postSave', Order],
      ['postDelete', Order],
    ]);
    expect(mute.suppressed[0]?.payload).to.include({ instance: order, created: true });
  });

  for (const sender of [Order, 'Order', 'a scope'] as const) {
    it(`mutes one model, named as ${typeof sender === 'string' ? sender : 'a class'}`, async () => {
      const receiver = fake();
      using _undo = postSave.connect(receiver);

      const named = sender === 'a scope' ? Order.unscoped() : sender;
      await muteSignals(postSave, { sender: named }).run(async () => {
        await Order.create({ total: 1 });
        await Customer.create({ name: 'Ada' });
      });

      assert.calledOnce(receiver);
    });
  }
});
