import { expect } from 'chai';
import { type AnyReceiver, InvalidArgumentError, Signal } from 'sequelize-signals';
import { fake } from 'sinon';

class Order {}

describe('Signal', () => {
  let signal: Signal;

  beforeEach(() => {
    signal = new Signal({ name: 'tested' });
  });

  describe('#disconnect()', () => {
    it('D-025: tells whether there was a connection, and never throws when there was none', () => {
      const receiver = fake();
      signal.connect(receiver);

      expect(signal.disconnect(receiver)).to.equal(true);
      expect(signal.disconnect(receiver)).to.equal(false);
      expect(signal.hasListeners()).to.equal(false);
    });

    it('D-026: takes the sender of the connect', () => {
      const receiver = fake();
      signal.connect(receiver, { sender: Order });

      expect(signal.disconnect(receiver)).to.equal(false);
      expect(signal.disconnect(receiver, { sender: Order })).to.equal(true);
    });

    it('D-026: without a sender leaves the connections of senders alone', () => {
      const receiver = fake();
      signal.connect(receiver, { sender: Order });
      signal.connect(receiver);

      expect(signal.disconnect(receiver)).to.equal(true);
      expect(signal.hasListeners(Order)).to.equal(true);
    });

    it('ends the connections of several senders, however they were made', () => {
      const receiver = fake();
      signal.connect(receiver, { sender: [Order, 'shop'] });
      signal.connect(receiver, { sender: 'market' });

      expect(signal.disconnect(receiver, { sender: ['shop', 'market'] })).to.equal(true);
      expect(['shop', 'market', Order].map((sender) => signal.hasListeners(sender))).to.deep.equal([
        false,
        false,
        true,
      ]);
      expect(signal.disconnect(receiver, { sender: ['shop', 'market'] })).to.equal(false);
    });

    it('refuses a sender that an import in a circle has not brought yet', () => {
      const receiver = fake();
      signal.connect(receiver);

      expect(() => signal.disconnect(receiver, { sender: undefined as unknown })).to.throw(
        InvalidArgumentError,
        'import one another in a circle',
      );
      expect(signal.hasListeners()).to.equal(true);
    });

    it('D-027: does not find a connection with a dispatchUid by its receiver', () => {
      const receiver = fake();
      signal.connect(receiver, { dispatchUid: 'uid' });

      expect(signal.disconnect(receiver)).to.equal(false);
      expect(signal.disconnect(null, { dispatchUid: 'uid' })).to.equal(true);
    });

    it('D-027: takes the sender together with the dispatchUid', () => {
      signal.connect(fake(), { dispatchUid: 'uid', sender: Order });

      expect(signal.disconnect(undefined, { dispatchUid: 'uid' })).to.equal(false);
      expect(signal.disconnect(undefined, { dispatchUid: 'uid', sender: Order })).to.equal(true);
    });

    it('D-028: does not look at the receiver when there is a dispatchUid', () => {
      signal.connect(fake(), { dispatchUid: 'uid' });

      expect(signal.disconnect(fake(), { dispatchUid: 'uid' })).to.equal(true);
    });

    it('D-029: without arguments removes nothing', () => {
      signal.connect(fake());

      expect(signal.disconnect()).to.equal(false);
      expect(signal.disconnect(null, {})).to.equal(false);
      expect(signal.hasListeners()).to.equal(true);
    });

    it('D-030: removes one connection at most', async () => {
      const receiver = fake();
      signal.connect(receiver);
      signal.connect(receiver, { dispatchUid: 'uid' });

      signal.disconnect(receiver);

      expect(await signal.send(null)).to.have.length(1);
    });

    it('J-06: finds a method by its object', () => {
      const method = fake();
      const [one, other] = [{}, {}];
      signal.connect(method, { thisArg: one });

      expect(signal.disconnect(method)).to.equal(false);
      expect(signal.disconnect(method, { thisArg: other })).to.equal(false);
      expect(signal.disconnect(method, { thisArg: one })).to.equal(true);
    });

    it('a receiver connected again goes to the end of the order', async () => {
      const [first, second] = [fake(), fake()];
      signal.connect(first);
      signal.connect(second);
      signal.disconnect(first);
      signal.connect(first);

      const responses = await signal.send(null);

      expect(responses.map(([receiver]) => receiver)).to.deep.equal([second, first]);
    });

    it('D-046: is seen by every sender that has sent before', async () => {
      const receiver = fake();
      signal.connect(receiver);
      signal.connect(fake(), { sender: Order });
      expect(await signal.send(Order)).to.have.length(2);

      signal.disconnect(receiver);

      expect(await signal.send(Order)).to.have.length(1);
    });

    it('finds nothing by a thisArg alone', () => {
      signal.connect(fake(), { thisArg: Order });

      expect(signal.disconnect(null, { thisArg: Order })).to.equal(false);
      expect(signal.hasListeners()).to.equal(true);
    });

    const wrong: readonly (readonly [string, unknown, unknown])[] = [
      ['a receiver that is no function', 'receiver', {}],
      ['an empty dispatchUid', undefined, { dispatchUid: '' }],
      ['a thisArg that is no object', () => {}, { thisArg: 1 }],
      ['an option of connect that says nothing here', () => {}, { weak: true }],
      ['options that are null', () => {}, null],
    ];
    for (const [title, receiver, options] of wrong) {
      it(`refuses ${title}`, () => {
        const attempt = () => signal.disconnect(receiver as AnyReceiver, options as object);

        expect(attempt).to.throw(InvalidArgumentError);
      });
    }
  });

  describe('#hasListeners()', () => {
    it('D-033: counts receivers of the sender and of any', () => {
      expect(signal.hasListeners(Order)).to.equal(false);
      signal.connect(fake(), { sender: Order });
      expect(signal.hasListeners(Order)).to.equal(true);
      expect(signal.hasListeners('another')).to.equal(false);
      signal.connect(fake());
      expect(signal.hasListeners('another')).to.equal(true);
    });

    it('D-033: without a sender counts only receivers of any', () => {
      signal.connect(fake(), { sender: Order });
      expect(signal.hasListeners()).to.equal(false);
      expect(signal.hasListeners(null)).to.equal(false);
      signal.connect(fake());
      expect(signal.hasListeners()).to.equal(true);
    });

    it('D-034: counts asynchronous receivers', () => {
      signal.connect(async () => {});

      expect(signal.hasListeners()).to.equal(true);
    });
  });
});
