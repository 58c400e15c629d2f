import { expect } from 'chai';
import * as metadata from 'reflect-metadata/no-conflict';
import { atomic, InvalidArgumentError, Signal } from 'sequelize-signals';
import { muteSignals } from 'sequelize-signals/testing';

type Handler = (...parameters: unknown[]) => unknown;

const signal = new Signal({ name: 'sent' });
const ROUTE = Symbol('route');

/** What wraps functions and decorates methods. */
const WRAPPERS: Readonly<Record<string, (wrapped: Handler) => Handler>> = {
  'atomic()': (wrapped) => atomic()(wrapped),
  'muteSignals()': (wrapped) => muteSignals(signal)(wrapped),
};

/** Keeps for a decorator what `Reflect` has once the application has loaded `reflect-metadata`. */
function loadMetadata(): void {
  Object.assign(Reflect, metadata);
}

function unloadMetadata(): void {
  for (const name of Object.keys(metadata)) Reflect.deleteProperty(Reflect, name);
}

for (const [name, wrap] of Object.entries(WRAPPERS)) {
  describe(`what ${name} wraps`, () => {
    it('keeps its name', () => {
      expect(wrap(function transfer() {}).name).to.equal('transfer');
    });

    it('keeps its length, so that Express sees a handler of errors', () => {
      const handler = (
        _error: unknown,
        _request: unknown,
        _response: unknown,
        _next: unknown,
      ) => {};

      expect(wrap(handler)).to.have.lengthOf(4);
    });

    it('keeps its own properties, and does not call its getters', () => {
      let asked = 0;
      const handler = Object.defineProperties(() => {}, {
        [ROUTE]: { value: '/orders' },
        description: { value: 'lists orders', enumerable: true },
        lazy: { get: () => ++asked },
      });

      const wrapped = wrap(handler);

      expect(asked).to.equal(0);
      expect(Object.getOwnPropertyDescriptors(wrapped)).to.deep.include(
        Object.getOwnPropertyDescriptors(handler),
      );
    });

    it('keeps what it inherits', () => {
      class Guarded extends Function {}
      const handler: Handler = Object.setPrototypeOf(() => {}, Guarded.prototype);

      expect(wrap(handler)).to.be.instanceOf(Guarded);
      expect(wrap(async () => {}).constructor.name).to.equal('AsyncFunction');
    });

    it('runs without what functions inherit', async () => {
      const handler: Handler = Object.setPrototypeOf(() => 'ran', null);

      const call = () => Reflect.apply(wrap(handler), undefined, []);

      // The database of atomic() is not installed: it comes as far as that.
      expect(
        await Promise.resolve()
          .then(call)
          .catch(({ code }) => code),
      ).to.be.oneOf(['ran', 'SIGNALS_NOT_INSTALLED']);
    });

    describe('in an application that has loaded reflect-metadata', () => {
      before(loadMetadata);
      after(unloadMetadata);

      it('keeps its metadata', () => {
        const handler: Handler = () => {};
        metadata.defineMetadata('path', '/orders', handler);
        metadata.defineMetadata(ROUTE, ['guard'], handler);

        const wrapped = wrap(handler);

        expect(metadata.getOwnMetadata('path', wrapped)).to.equal('/orders');
        expect(metadata.getOwnMetadata(ROUTE, wrapped)).to.deep.equal(['guard']);
      });

      it('and what is defined on the wrapper afterwards stays there', () => {
        const handler: Handler = () => {};

        metadata.defineMetadata('path', '/orders', wrap(handler));

        expect(metadata.getOwnMetadataKeys(handler)).to.deep.equal([]);
      });
    });
  });
}

describe('what is made with new', () => {
  function Account(this: { owner: string }, owner: string) {
    this.owner = owner;
  }
  type AccountClass = new (owner: string) => { owner: string };

  it('muteSignals() leaves to the function that it wraps', () => {
    const Muted = muteSignals(signal)(Account) as unknown as AccountClass;
    class Savings extends Muted {}

    expect(new Muted('Ada')).to.be.instanceOf(Account).and.include({ owner: 'Ada' });
    expect(new Savings('Ada')).to.be.instanceOf(Savings).and.include({ owner: 'Ada' });
  });

  it('muteSignals() refuses where the function does', () => {
    const Muted = muteSignals(signal)(() => {}) as unknown as AccountClass;

    expect(() => new Muted('Ada')).to.throw(TypeError, 'not a constructor');
  });

  it('atomic() refuses, as a block has a promise as its result', () => {
    const Atomic = atomic()(Account) as unknown as AccountClass;

    expect(() => new Atomic('Ada')).to.throw(TypeError, 'not a constructor');
    expect(() => atomic()(class {} as never)).to.throw(InvalidArgumentError, 'classes');
  });
});
