import { expect } from 'chai';
import { InvalidArgumentError, receiver, Signal, type SignalEvent } from 'sequelize-signals';
import { assert, fake } from 'sinon';

interface Paid {
  amount: number;
}

describe('receiver()', () => {
  let paid: Signal<Paid>;
  let sent: Signal<Paid & { by: string }>;

  beforeEach(() => {
    paid = new Signal({ name: 'orderPaid' });
    sent = new Signal({ name: 'orderSent' });
  });

  it('D-019: connects a function and returns it', () => {
    const connected = fake();

    expect(receiver(paid)(connected)).to.equal(connected);

    paid.sendSync(null, { amount: 12 });
    assert.calledOnceWithExactly(connected, { signal: paid, sender: null, amount: 12 });
  });

  it('D-019: connects a function to each signal of an array', () => {
    const names: string[] = [];
    receiver([paid, sent])(({ signal }) => names.push(signal.name));

    paid.sendSync(null, { amount: 12 });
    sent.sendSync(null, { amount: 12, by: 'post' });

    expect(names).to.deep.equal(['orderPaid', 'orderSent']);
  });

  it('D-021: passes the options to connect', () => {
    const connected = fake();
    receiver(paid, { sender: 'shop', dispatchUid: 'uid', once: true })(connected);
    expect(paid.hasListeners()).to.equal(false);

    paid.sendSync('shop', { amount: 12 });
    paid.sendSync('shop', { amount: 12 });

    assert.calledOnce(connected);
  });

  it('connects as the signal does that it is given', () => {
    const connects = fake();
    class Special extends Signal<Paid> {
      override connect(...args: unknown[]) {
        connects(...args);
        return super.connect(() => {});
      }
    }
    const connected = fake();

    receiver(new Special(), { sender: 'shop' })(connected);

    assert.calledOnceWithExactly(connects, connected, { sender: 'shop' });
  });

  for (const signals of [undefined, {}, 'orderPaid', [{}], new Set([new Signal()])]) {
    it(`D-020: refuses ${signals instanceof Set ? 'a set' : JSON.stringify(signals)}`, () => {
      expect(() => receiver(signals as unknown as Signal)).to.throw(InvalidArgumentError);
    });
  }

  it('refuses wrong options before it is given a function', () => {
    expect(() => receiver(paid, { weak: 'yes' } as object)).to.throw(InvalidArgumentError);
    expect(() => receiver(paid, { sender: undefined as unknown })).to.throw(
      InvalidArgumentError,
      'receiver() is not there',
    );
    expect(() => receiver(paid, 'shop' as unknown as object)).to.throw(
      InvalidArgumentError,
      'write receiver(signal, { sender: ',
    );
  });

  it('connects a function to several senders', () => {
    const senders: unknown[] = [];
    receiver(paid, { sender: ['shop', 'market'] })(({ sender }) => senders.push(sender));

    for (const sender of ['market', 'street', 'shop']) paid.sendSync(sender, { amount: 12 });

    expect(senders).to.deep.equal(['market', 'shop']);
  });

  it('refuses anything but a function', () => {
    expect(() => receiver(paid)('text' as unknown as () => void)).to.throw(InvalidArgumentError);
    expect(() => receiver([])('text' as unknown as () => void)).to.throw(InvalidArgumentError);
  });

  describe('as a decorator', () => {
    it('connects a method of each object, with the object as this', () => {
      class Ledger {
        sum = 0;

        @receiver(paid)
        add({ amount }: SignalEvent<Paid>) {
          this.sum += amount;
        }
      }
      const [one, other] = [new Ledger(), new Ledger()];

      paid.sendSync(null, { amount: 12 });
      paid.disconnect(other.add, { thisArg: other });
      paid.sendSync(null, { amount: 1 });

      expect([one.sum, other.sum]).to.deep.equal([13, 12]);
    });

    it('connects a static method with the class as this', () => {
      const seen: unknown[] = [];
      class Ledger {
        readonly sum = 0;

        @receiver([paid, sent], { sender: 'shop' })
        static add(this: unknown, { amount }: Paid) {
          // biome-ignore lint/complexity/noThisInStatic: it is the "this" that the test is about
          seen.push(this, amount);
        }
      }

      paid.sendSync('shop', { amount: 12 });
      paid.sendSync('market', { amount: 13 });
      sent.sendSync('shop', { amount: 14, by: 'post' });

      expect(seen).to.deep.equal([Ledger, 12, Ledger, 14]);
      expect(paid.disconnect(Ledger.add, { sender: 'shop', thisArg: Ledger })).to.equal(true);
    });

    it('connects a private method', () => {
      class Ledger {
        sum = 0;

        @receiver(paid)
        #add({ amount }: Paid) {
          this.sum += amount;
        }

        addOne() {
          this.#add({ amount: 1 });
        }
      }
      const ledger = new Ledger();
      ledger.addOne();

      paid.sendSync(null, { amount: 12 });

      expect(ledger.sum).to.equal(13);
    });

    it('connects the method that the object really has', () => {
      const log: string[] = [];
      class Ledger {
        @receiver(paid)
        add() {
          log.push('Ledger');
        }
      }
      class SpecialLedger extends Ledger {
        override add() {
          log.push('SpecialLedger');
        }
      }
      new Ledger();
      new SpecialLedger();

      paid.sendSync(null, { amount: 12 });

      expect(log).to.deep.equal(['Ledger', 'SpecialLedger']);
    });

    it('refuses a thisArg, for a method has its own', () => {
      const decorate = receiver(paid, { thisArg: {} }) as unknown as MethodDecorator;
      const context = { kind: 'method', addInitializer: fake() };

      expect(() => decorate(() => {}, context as never, {})).to.throw(InvalidArgumentError);
    });

    it('refuses anything but a method', () => {
      const decorate = receiver(paid) as unknown as (...given: unknown[]) => void;

      expect(() => decorate(class {})).to.throw(InvalidArgumentError);
      expect(() => decorate(class {}, { kind: 'class' })).to.throw(InvalidArgumentError);
      expect(() => decorate({}, 'add')).to.throw(InvalidArgumentError, 'methods and nothing else');
      expect(() => decorate(class {}, 'add', { get: () => 1 })).to.throw(InvalidArgumentError);
      expect(() => decorate({}, undefined, 0)).to.throw(InvalidArgumentError);
    });

    describe('as experimentalDecorators have it', () => {
      class Ledger {
        static readonly sums: number[] = [];

        static add({ amount }: Paid): void {
          // biome-ignore lint/complexity/noThisInStatic: the method is called on the class
          this.sums.push(amount);
        }

        book({ amount }: Paid): void {
          Ledger.sums.push(amount);
        }
      }

      function descriptorOf(owner: object, name: string): PropertyDescriptor {
        return Object.getOwnPropertyDescriptor(owner, name) ?? {};
      }

      it('connects a static method with the class as this', () => {
        const decorate = receiver([paid, sent], { sender: ['shop', 'market'] });

        decorate(Ledger, 'add', descriptorOf(Ledger, 'add'));
        paid.sendSync('market', { amount: 12 });
        paid.sendSync('street', { amount: 13 });
        sent.sendSync('shop', { amount: 14, by: 'post' });

        expect(Ledger.sums).to.deep.equal([12, 14]);
        expect(paid.disconnect(Ledger.add, { sender: 'market', thisArg: Ledger })).to.equal(true);
      });

      it('says of the method of an instance what to do, when the class is made', () => {
        const decorate = receiver(paid) as unknown as MethodDecorator;
        const { prototype } = Ledger;

        expect(() => decorate(prototype, 'book', descriptorOf(prototype, 'book'))).to.throw(
          InvalidArgumentError,
          /"experimentalDecorators".*'book'.*thisArg: this/,
        );
        expect(paid.hasListeners()).to.equal(false);
      });

      it('refuses a thisArg, for a method has its own', () => {
        const decorate = receiver(paid, { thisArg: {} }) as unknown as MethodDecorator;

        expect(() => decorate(Ledger, 'add', descriptorOf(Ledger, 'add'))).to.throw(
          InvalidArgumentError,
          'thisArg',
        );
      });
    });
  });
});
