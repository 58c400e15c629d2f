import { expect } from 'chai';
import { onCommit, postSave, Signal } from 'sequelize-signals';
import { assertNoLeaks, LeakError, muteSignals } from 'sequelize-signals/testing';
import { describeOnEachDatabase } from '../support/databases.js';
import { forgetLeaks } from './forget-leaks.js';
import { GuestBook } from './guest-book.js';

/** The leaks that it finds. */
function leaks(): readonly string[] {
  try {
    assertNoLeaks();
  } catch (error) {
    expect(error).to.be.instanceOf(LeakError);
    return (error as LeakError).leaks;
  }
  return [];
}

describe('assertNoLeaks()', () => {
  const signal = new Signal({ name: 'orderPaid' });

  beforeEach(forgetLeaks);

  it('finds receivers that are still connected, once', () => {
    const undo = signal.connect(function ship() {});
    const undoOther = signal.connect(() => {}, { sender: 'shop' });

    expect(leaks()).to.deep.equal([
      'orderPaid has the receiver "ship"',
      `orderPaid has the receiver "anonymous" of 'shop'`,
    ]);
    expect(leaks()).to.deep.equal([]);
    undo();
    undoOther();
  });

  it('names senders, and the dispatchUid where there is one', () => {
    class Order {}
    const ship = (): void => {};
    const undos = [
      signal.connect(ship, { sender: Order, dispatchUid: 'shipping' }),
      signal.connect(ship, { sender: new Order() }),
      signal.connect(ship, { dispatchUid: Symbol('uid') }),
      postSave.connect(ship, { sender: 'Order' }),
    ];

    expect(leaks()).to.deep.equal([
      `orderPaid has the receiver "ship" of Order with the dispatchUid 'shipping'`,
      'orderPaid has the receiver "ship" of Order {}',
      'orderPaid has the receiver "ship" with the dispatchUid Symbol(uid)',
      `postSave has the receiver "ship" of 'Order'`,
    ]);
    for (const undo of undos) undo();
  });

  it('finds what is muted everywhere, once', () => {
    const muted = [
      muteSignals(signal).everywhere(),
      muteSignals(signal, { sender: 'shop' }).everywhere(),
    ];

    expect(leaks()).to.deep.equal([
      'orderPaid is muted everywhere',
      `orderPaid of 'shop' is muted everywhere`,
    ]);
    expect(leaks()).to.deep.equal([]);
    for (const mute of muted) mute[Symbol.dispose]();
  });

  it('has nothing against what was there before, or is gone', () => {
    const undoOld = signal.connect(() => {});
    forgetLeaks();
    const undo = signal.connect(() => {});
    undo();

    expect(leaks()).to.deep.equal([]);
    undoOld();
  });

  it('has nothing against a receiver that was taken out and put back', () => {
    const ship = (): void => {};
    signal.connect(ship);
    forgetLeaks();
    signal.disconnect(ship);
    signal.connect(ship);
    signal.connect(ship, { sender: 'shop' });

    expect(leaks()).to.deep.equal([`orderPaid has the receiver "ship" of 'shop'`]);
    signal.disconnect(ship);
    signal.disconnect(ship, { sender: 'shop' });
  });

  it('says in its message what was left, and what to do', () => {
    const undo = signal.connect(function ship() {});

    expect(() => assertNoLeaks()).to.throw(
      'Something was left behind: orderPaid has the receiver "ship". ' +
        'Disconnect what was connected, and await or end what was begun.',
    );
    undo();
  });
});

describeOnEachDatabase('assertNoLeaks()', (database) => {
  let book: GuestBook;

  before(async () => {
    book = await GuestBook.open(database);
    forgetLeaks();
  });
  after(() => book.close());

  it('finds transactions that are still open, and the callbacks that wait in them', async () => {
    const empty = await book.sequelize.transaction();
    const [first] = leaks();
    await empty.rollback();
    const waiting = await book.sequelize.transaction();
    await onCommit(() => {}, { transaction: waiting });
    const [second] = leaks();
    await waiting.rollback();

    expect(first).to.match(/^transaction #\d+ is open$/);
    expect(second).to.match(/^transaction #\d+ is open, and 1 callback waits for its commit$/);
    expect(leaks()).to.deep.equal([]);
  });
});
