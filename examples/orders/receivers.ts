import { onCommit, postSave, receiver } from 'sequelize-signals';
import { Order } from './models.js';
import { mail, searchIndex } from './outside-world.js';
import { orderPaid } from './signals.js';

/**
 * Connects the receivers of the shop. The `dispatchUid` makes a second call harmless: it is what
 * a module that is loaded twice, or a server that reloads itself, would otherwise do.
 */
export function connectReceivers(): void {
  // The save may still be rolled back, and the index is not in its transaction.
  postSave.connect(
    async function indexOrder({ instance, created }) {
      if (created) await onCommit(() => searchIndex.add(instance.id));
    },
    { sender: Order, dispatchUid: 'orders.index' },
  );
}

/** Writes in the transaction of the payment: both are stored, or neither. */
export const rewardCustomer = receiver(orderPaid)(async ({ order }) => {
  await order.increment('points', { by: 100 });
});

/** Talks to the outside world, so it waits for the commit. */
export const tellSeller = receiver(orderPaid)(async ({ order }) => {
  await onCommit(() => mail.tellSeller(order.id));
});
