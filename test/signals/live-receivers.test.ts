import { expect } from 'chai';
import { Signal } from 'sequelize-signals';
import { functionName } from '#lib/base/index';
import { liveReceivers } from '#lib/signals/index';

describe('liveReceivers()', () => {
  it('lists the receivers of all signals, oldest first, until they are disconnected', () => {
    const [one, other] = [new Signal({ name: 'one' }), new Signal({ name: 'other' })];
    const before = new Set(liveReceivers());
    const added = () =>
      liveReceivers()
        .filter((connected) => !before.has(connected))
        .map((connected) => {
          const receiver = connected.receiver();
          return `${connected.signal.name}.${receiver && functionName(receiver)}`;
        });

    const undo = one.connect(function first() {});
    other.connect(function second() {}, { sender: 'shop', dispatchUid: 'uid' });
    one.connect(function third() {}, { once: true });

    expect(added()).to.deep.equal(['one.first', 'other.second', 'one.third']);
    undo();
    other.disconnect(null, { sender: 'shop', dispatchUid: 'uid' });
    one.sendSync(null);
    expect(added()).to.deep.equal([]);
  });
});
