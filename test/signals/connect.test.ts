import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import { InvalidArgumentError, Signal } from 'sequelize-signals';
import { assert, fake } from 'sinon';

class Order {}
class Invoice {}

describe('Signal', () => {
  describe('constructor', () => {
    it('takes a name, and is called "signal" without one (D-001)', () => {
      expect(new Signal({ name: 'orderPaid' }).name).to.equal('orderPaid');
      expect(new Signal().name).to.equal('signal');
      expect(new Signal({ name: undefined }).name).to.equal('signal');
    });

    for (const options of [null, 'orderPaid', { name: 1 }, { name: '' }, { nmae: 'orderPaid' }]) {
      it(`refuses ${JSON.stringify(options)}`, () => {
        expect(() => new Signal(options as object)).to.throw(InvalidArgumentError);
      });
    }

    it('has no options for caching or for the names of a payload (D-001, D-049)', () => {
      for (const option of ['useCaching', 'providingArgs']) {
        expect(() => new Signal({ [option]: true }), option).to.throw(InvalidArgumentError);
      }
    });

    it('shows no list of its receivers that a tool could depend on (D-024)', () => {
      const signal = new Signal({ name: 'orderPaid' });
      signal.connect(() => {});

      expect(Object.getOwnPropertyNames(signal)).to.deep.equal(['name']);
    });
  });

  describe('#connect()', () => {
    let signal: Signal<{ log?: string[] }>;

    beforeEach(() => {
      signal = new Signal({ name: 'tested' });
    });

    /** A receiver that writes its name. */
    function writer(name: string) {
      return ({ log }: { log?: string[] }) => log?.push(name);
    }

    async function sent(sender?: unknown): Promise<string[]> {
      const log: string[] = [];
      await signal.send(sender, { log });
      return log;
    }

    it('D-003, D-054: keeps one order for receivers of one sender and of any', async () => {
      signal.connect(writer('any 1'));
      signal.connect(writer('order 1'), { sender: Order });
      signal.connect(writer('any 2'));
      signal.connect(writer('order 2'), { sender: Order });

      expect(await sent(Order)).to.deep.equal(['any 1', 'order 1', 'any 2', 'order 2']);
      expect(await sent(Invoice)).to.deep.equal(['any 1', 'any 2']);
      expect(await sent()).to.deep.equal(['any 1', 'any 2']);
    });

    it('D-004: ignores a second connect, and leaves the first in its place', async () => {
      const first = writer('first');
      signal.connect(first);
      signal.connect(writer('second'));

      signal.connect(first);

      expect(await sent()).to.deep.equal(['first', 'second']);
    });

    for (const first of [false, true]) {
      it(`D-004: takes a receiver for the same whether held weakly or not, ${first} first`, async () => {
        const receiver = writer('receiver');
        signal.connect(receiver, { weak: first });

        expect(signal.connect(receiver, { weak: !first })()).to.equal(false);

        expect(await sent()).to.deep.equal(['receiver']);
        expect(signal.disconnect(receiver)).to.equal(true);
        expect(await sent()).to.deep.equal([]);
      });
    }

    it('D-005, D-006: makes a connection for each sender, and one for any', async () => {
      const receiver = writer('called');
      signal.connect(receiver, { sender: Order });
      signal.connect(receiver, { sender: Invoice });
      signal.connect(receiver);

      expect(await sent(Order)).to.have.length(2);
      expect(await sent(Invoice)).to.have.length(2);
      expect(await sent()).to.have.length(1);
    });

    it('D-007: of two receivers with one dispatchUid keeps the first', async () => {
      signal.connect(writer('first'), { dispatchUid: 'uid' });
      signal.connect(writer('second'), { dispatchUid: 'uid' });

      expect(await sent()).to.deep.equal(['first']);
    });

    it('D-008: takes one dispatchUid for each sender', async () => {
      signal.connect(writer('order'), { dispatchUid: 'uid', sender: Order });
      signal.connect(writer('invoice'), { dispatchUid: 'uid', sender: Invoice });

      expect(await sent(Order)).to.deep.equal(['order']);
      expect(await sent(Invoice)).to.deep.equal(['invoice']);
    });

    it('D-010: takes a receiver with a dispatchUid and without for two', async () => {
      const receiver = writer('called');
      signal.connect(receiver);
      signal.connect(receiver, { dispatchUid: 'uid' });

      expect(await sent()).to.have.length(2);
    });

    it('tells a symbol from a string of the same text', async () => {
      signal.connect(writer('string'), { dispatchUid: 'uid' });
      signal.connect(writer('symbol'), { dispatchUid: Symbol('uid') });

      expect(await sent()).to.deep.equal(['string', 'symbol']);
    });

    it('D-011: takes null for any sender, and no sender at all', async () => {
      signal.connect(writer('none'), {});
      signal.connect(writer('null'), { sender: null });

      expect(await sent(Order)).to.deep.equal(['none', 'null']);
    });

    it('refuses a sender that an import in a circle has not brought yet', () => {
      for (const sender of [undefined, [Order, undefined], [null], []]) {
        const attempt = () => signal.connect(() => {}, { sender: sender as unknown });

        expect(attempt).to.throw(InvalidArgumentError, /sender/);
        expect(signal.hasListeners(Order)).to.equal(false);
      }
      expect(() => signal.connect(() => {}, { sender: undefined as unknown })).to.throw(
        'import one another in a circle',
      );
    });

    const senders = ['orders', '', 0, 1n, Number.NaN, false, Symbol('sender'), {}, () => {}];
    for (const sender of senders) {
      const shown = `${typeof sender} ${String(sender)}`;

      it(`D-011, D-047, D-048, J-07: takes ${shown} for a sender`, async () => {
        signal.connect(writer('called'), { sender });

        expect(await sent(sender)).to.deep.equal(['called']);
        expect(await sent('another')).to.deep.equal([]);
        expect(await sent()).to.deep.equal([]);
      });
    }

    it('J-07: takes an array for a sender where it is in an array itself', async () => {
      const list = ['a'];
      signal.connect(writer('called'), { sender: [list] });

      expect(await sent(list)).to.deep.equal(['called']);
      expect(await sent('a')).to.deep.equal([]);
    });

    describe('for several senders', () => {
      it('connects to each of them, in one place of the order', async () => {
        signal.connect(writer('before'));
        signal.connect(writer('both'), { sender: [Order, Invoice] });
        signal.connect(writer('after'), { sender: Order });

        expect(await sent(Order)).to.deep.equal(['before', 'both', 'after']);
        expect(await sent(Invoice)).to.deep.equal(['before', 'both']);
        expect(await sent('shop')).to.deep.equal(['before']);
      });

      it('connects once to one that is named twice', async () => {
        signal.connect(writer('called'), { sender: [Order, Order] });

        expect(await sent(Order)).to.deep.equal(['called']);
      });

      it('has one undo, which leaves alone what was connected before (D-002, D-004)', async () => {
        const receiver = writer('called');
        signal.connect(receiver, { sender: Order });
        const undo = signal.connect(receiver, { sender: [Order, Invoice] });

        expect(undo()).to.equal(true);
        expect(undo()).to.equal(false);

        expect(await sent(Order)).to.deep.equal(['called']);
        expect(await sent(Invoice)).to.deep.equal([]);
      });

      it('knows each connection by its own sender (D-008)', async () => {
        signal.connect(writer('first'), { sender: Order, dispatchUid: 'uid' });
        signal.connect(writer('second'), { sender: [Order, Invoice], dispatchUid: 'uid' });

        expect(await sent(Order)).to.deep.equal(['first']);
        expect(await sent(Invoice)).to.deep.equal(['second']);
      });

      it('calls a receiver once for all of them with "once"', async () => {
        signal.connect(writer('once'), { sender: [Order, Invoice], once: true });

        expect(await sent(Invoice)).to.deep.equal(['once']);
        expect(await sent(Order)).to.deep.equal([]);
        expect(signal.hasListeners(Order)).to.equal(false);
      });

      it('ends them together when the signal is aborted', async () => {
        const controller = new AbortController();
        signal.connect(writer('called'), {
          sender: [Order, Invoice],
          signal: controller.signal,
        });
        controller.abort();

        expect([...(await sent(Order)), ...(await sent(Invoice))]).to.deep.equal([]);
      });
    });

    const positional: readonly (readonly [string, unknown])[] = [
      ['a class', Order],
      ['a name', 'Order'],
      ['a symbol', Symbol('order')],
      ['an instance', new (class Shop {})()],
      ['a list', [Order]],
      ['a function', () => {}],
    ];
    for (const [title, sender] of positional) {
      it(`refuses ${title} as the second argument, where Django has the sender (D-002)`, () => {
        expect(() => signal.connect(() => {}, sender as object)).to.throw(
          InvalidArgumentError,
          'write connect(receiver, { sender: ',
        );
        expect(() => signal.disconnect(() => {}, sender as object)).to.throw(
          InvalidArgumentError,
          'write disconnect(receiver, { sender: ',
        );
        expect(signal.hasListeners()).to.equal(false);
      });
    }

    it('takes options of a class of their own', async () => {
      class ForOrders {
        readonly sender = Order;
      }
      signal.connect(writer('called'), new ForOrders());

      expect(await sent(Order)).to.deep.equal(['called']);
    });

    it('refuses a class for a receiver, which cannot be called', () => {
      expect(() => signal.connect(Order as unknown as () => void)).to.throw(
        InvalidArgumentError,
        'not the class Order',
      );
    });

    it('D-040: matches senders by identity, not by inheritance', async () => {
      class SpecialOrder extends Order {}
      signal.connect(writer('order'), { sender: Order });

      expect(await sent(SpecialOrder)).to.deep.equal([]);
    });

    it('D-012, J-06: takes a method on two objects for two receivers', async () => {
      const method = fake();
      const [one, other] = [{}, {}];
      signal.connect(method, { thisArg: one });
      signal.connect(method, { thisArg: other });
      signal.connect(method, { thisArg: one });
      signal.connect(method);

      await signal.send(Order);

      expect(method.thisValues).to.deep.equal([one, other, undefined]);
      expect(method.thisValues[0]).to.equal(one);
    });

    for (const receiver of [undefined, null, 'receiver', {}, [() => {}]]) {
      it(`D-014, D-015: refuses ${JSON.stringify(receiver)} for a receiver`, () => {
        const attempt = () => signal.connect(receiver as unknown as () => void);

        expect(attempt).to.throw(InvalidArgumentError, 'A receiver must be a function');
        expect(attempt).to.throw(TypeError);
        expect(signal.hasListeners()).to.equal(false);
      });
    }

    it('D-013: refuses an object with a method to call, which is connected as a method', async () => {
      const handler = { log: [] as unknown[], call: handle, handleEvent: handle };
      function handle(this: { log: unknown[] }) {
        this.log.push('called');
      }

      expect(() => signal.connect(handler as unknown as () => void)).to.throw(InvalidArgumentError);
      signal.connect(handle, { thisArg: handler });
      await signal.send(Order);

      expect(handler.log).to.deep.equal(['called']);
    });

    it('J-09: takes a receiver for any part of the event, or for none of it', async () => {
      const log: string[] = [];
      signal.connect(() => log.push('nothing'));
      signal.connect(({ sender }) => log.push((sender as typeof Order).name));

      await signal.send(Order, { log, addedLater: true } as { log: string[] });

      expect(log).to.deep.equal(['nothing', 'Order']);
    });

    it('D-046: is heard by every sender that has sent before', async () => {
      signal.connect(writer('for order'), { sender: Order });
      expect(await sent(Order)).to.deep.equal(['for order']);

      signal.connect(writer('any'));
      signal.connect(writer('for order too'), { sender: Order });

      expect(await sent(Order)).to.deep.equal(['for order', 'any', 'for order too']);
    });

    it('D-078: is of the whole process, and not of the flow that connects', async () => {
      const flows = new AsyncLocalStorage<string>();
      flows.run('one', () => signal.connect(writer('called')));

      const heard = await flows.run('another', () => sent());

      expect(heard).to.deep.equal(['called']);
    });

    const wrong: readonly (readonly [string, unknown])[] = [
      ['D-009, J-10: an empty dispatchUid', { dispatchUid: '' }],
      ['J-10: a dispatchUid that is null', { dispatchUid: null }],
      ['a dispatchUid that is a number', { dispatchUid: 0 }],
      ['a thisArg that is not an object', { thisArg: 'this' }],
      ['a thisArg that is null', { thisArg: null }],
      ['weak that is not a boolean', { weak: 'yes' }],
      ['once that is not a boolean', { once: 1 }],
      ['a signal that is not an AbortSignal', { signal: {} }],
      ['a signal that is null', { signal: null }],
      ['an AbortController for an AbortSignal', { signal: new AbortController() }],
      ['an EventTarget for an AbortSignal', { signal: new EventTarget() }],
      ['what says that it is aborted, and no more, for one', { signal: { aborted: true } }],
      ['an unknown option', { sendr: Order }],
      ['the name of something inherited as an option', { toString: Order }],
      ['options that are null', null],
      ['options that are no object', 'uid'],
    ];
    for (const [title, options] of wrong) {
      it(`refuses ${title}`, () => {
        const attempt = () => signal.connect(() => {}, options as object);

        expect(attempt).to.throw(InvalidArgumentError).with.property('code');
        expect(signal.hasListeners()).to.equal(false);
      });
    }

    it('J-10: takes an option that is undefined for one left out', async () => {
      signal.connect(writer('called'), {
        dispatchUid: undefined,
        thisArg: undefined,
        weak: undefined,
        once: undefined,
        signal: undefined,
      });

      expect(await sent(Order)).to.deep.equal(['called']);
    });

    describe('the undo', () => {
      it('D-002: disconnects, and tells whether it did', async () => {
        const undo = signal.connect(writer('called'), { sender: Order });

        expect(undo()).to.equal(true);
        expect(undo()).to.equal(false);
        expect(await sent(Order)).to.deep.equal([]);
      });

      it('is disposable', async () => {
        const undo = signal.connect(writer('called'));

        undo[Symbol.dispose]();

        expect(await sent()).to.deep.equal([]);
        expect(undo()).to.equal(false);
      });

      it('works with using', async () => {
        {
          using _undo = signal.connect(writer('called'));
          expect(await sent()).to.deep.equal(['called']);
        }
        expect(await sent()).to.deep.equal([]);
      });

      it('of a connect that was ignored leaves the first connection alone', async () => {
        const receiver = writer('called');
        signal.connect(receiver);

        expect(signal.connect(receiver)()).to.equal(false);
        expect(await sent()).to.deep.equal(['called']);
      });

      it('leaves a later connection of the same identity alone', async () => {
        const undo = signal.connect(writer('first'), { dispatchUid: 'uid' });
        signal.disconnect(null, { dispatchUid: 'uid' });
        signal.connect(writer('second'), { dispatchUid: 'uid' });

        expect(undo()).to.equal(false);
        expect(await sent()).to.deep.equal(['second']);
      });

      it('knows its own of many connections, before and after others were undone', async () => {
        const connect = (name: string) => signal.connect(writer(name), { sender: Order });
        const undoOf = { a: connect('a'), b: connect('b'), c: connect('c') };
        expect(undoOf.b()).to.equal(true);
        const undoD = connect('d');
        const undoE = signal.connect(writer('e'), { sender: Order, dispatchUid: 'e' });

        expect(undoD()).to.equal(true);
        expect(undoOf.a()).to.equal(true);
        expect(signal.disconnect(null, { sender: Order, dispatchUid: 'e' })).to.equal(true);

        expect([undoOf.a(), undoOf.b(), undoD(), undoE()]).to.not.include(true);
        expect(await sent(Order)).to.deep.equal(['c']);
      });

      it('leaves a later connection alone where the sender is a primitive', async () => {
        const undo = signal.connect(writer('first'), { sender: 'shop' });
        expect(undo()).to.equal(true);
        signal.connect(writer('second'), { sender: 'shop' });

        expect(undo()).to.equal(false);
        expect(await sent('shop')).to.deep.equal(['second']);
      });
    });

    describe('once', () => {
      it('calls a receiver for one send', async () => {
        signal.connect(writer('once'), { once: true });
        signal.connect(writer('always'));

        expect(await sent()).to.deep.equal(['once', 'always']);
        expect(await sent()).to.deep.equal(['always']);
      });

      it('disconnects before the call, so that a nested send does not call it again', () => {
        const receiver = fake(() => signal.sendSync(null));
        signal.connect(receiver, { once: true });

        signal.sendSync(null);

        assert.calledOnce(receiver);
      });

      it('calls a receiver once though two sends overlap', async () => {
        const receiver = fake();
        signal.connect(() => Promise.resolve());
        signal.connect(receiver, { once: true });

        await Promise.all([signal.send(null), signal.send(null), signal.asend(null)]);

        assert.calledOnce(receiver);
      });

      it('waits for the sender that it was connected for', async () => {
        signal.connect(writer('once'), { once: true, sender: Order });

        expect(await sent(Invoice)).to.deep.equal([]);
        expect(await sent(Order)).to.deep.equal(['once']);
      });

      it('disconnects though the receiver fails', async () => {
        signal.connect(fake.throws('failed'), { once: true });

        expect(() => signal.sendSync(null)).to.throw('failed');
        expect(await sent()).to.deep.equal([]);
      });

      it('lets its undo tell that nothing was left to undo', async () => {
        const undo = signal.connect(writer('once'), { once: true });
        await sent();

        expect(undo()).to.equal(false);
      });
    });

    describe('signal', () => {
      it('disconnects when it is aborted', async () => {
        const controller = new AbortController();
        signal.connect(writer('aborted'), { signal: controller.signal });
        signal.connect(writer('aborted too'), { signal: controller.signal, sender: Order });
        signal.connect(writer('kept'));

        controller.abort();

        expect(await sent(Order)).to.deep.equal(['kept']);
      });

      it('connects nothing when it has been aborted', () => {
        const undo = signal.connect(() => {}, { signal: AbortSignal.abort() });

        expect(signal.hasListeners()).to.equal(false);
        expect(undo()).to.equal(false);
      });

      it('checks the other arguments though it has been aborted', () => {
        const options = { signal: AbortSignal.abort(), dispatchUid: '' };

        expect(() => signal.connect(() => {}, options)).to.throw(InvalidArgumentError);
      });

      it('keeps one listener for all connections, and none when they are gone', () => {
        const abortSignal = new AbortController().signal;
        const adding = fake(abortSignal.addEventListener);
        const removing = fake(abortSignal.removeEventListener);
        Object.assign(abortSignal, { addEventListener: adding, removeEventListener: removing });
        const undos = [writer('one'), writer('other')].map((receiver) =>
          signal.connect(receiver, { signal: abortSignal }),
        );

        undos[0]?.();
        assert.notCalled(removing);
        undos[1]?.();

        assert.calledOnce(adding);
        assert.calledOnce(removing);
        expect(removing.firstCall.args).to.deep.equal(adding.firstCall.args);
      });

      it('can be used again after all its connections had gone', async () => {
        const controller = new AbortController();
        signal.connect(writer('first'), { signal: controller.signal })();
        signal.connect(writer('second'), { signal: controller.signal });

        controller.abort();

        expect(await sent()).to.deep.equal([]);
      });

      it('does not warn of a leak, however many receivers wait for it', async () => {
        const warned = fake();
        process.once('warning', warned);
        const controller = new AbortController();
        for (let i = 0; i < 20; i += 1) signal.connect(() => {}, { signal: controller.signal });

        await new Promise((resolve) => setImmediate(resolve));

        process.off('warning', warned);
        assert.notCalled(warned);
      });
    });

    it('stays fast: 100,000 receivers of one signal, and 100,000 senders', function () {
      // Seconds if it grows in step, hours if it does not.
      this.timeout(30_000);
      const controller = new AbortController();
      const senders = Array.from({ length: 100_000 }, () => ({}));
      const undos = senders.map(() => signal.connect(() => {}, { signal: controller.signal }));
      for (const undo of undos) undo();

      for (const sender of senders) {
        signal.connect(() => {}, { sender });
        signal.sendSync(sender);
      }

      expect(signal.hasListeners()).to.equal(false);
    });
  });
});
