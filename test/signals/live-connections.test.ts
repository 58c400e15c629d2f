import { expect } from 'chai';
import { Signal } from 'sequelize-signals';
import { functionName } from '#lib/base/index';
import { liveConnections } from '#lib/signals/index';

describe('liveConnections()', () => {
  it('lists the connections of all signals, oldest first, until they end', () => {
    const [one, other] = [new Signal({ name: 'one' }), new Signal({ name: 'other' })];
    const before = new Set(liveConnections());
    const added = () =>
      liveConnections()
        .filter((connection) => !before.has(connection))
        .map((connection) => {
          const receiver = connection.receiver();
          return `${connection.signal.name}.${receiver && functionName(receiver)}`;
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
