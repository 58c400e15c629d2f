import { atomic, onCommit } from 'sequelize-signals';
import { Order, OrderItem } from './models.js';
import { mail } from './outside-world.js';
import { orderPaid } from './signals.js';

/** Stores an order with its items, all or nothing. The mail is sent only when it is stored. */
export const createOrder = atomic()(async (customer: string, products: string[]) => {
  const order = await Order.create({ customer });
  for (const product of products) {
    if (product === '') throw new Error('an item has no product');
    await OrderItem.create({ orderId: order.id, product });
  }
  await onCommit(() => mail.confirm(order.id));
  return order;
});

/** Stores the payment and what the receivers of `orderPaid` do about it, all or nothing. */
export const markPaid = atomic()(async (order: Order) => {
  await order.update({ status: 'paid' });
  await orderPaid.send(Order, { order, paidAt: new Date() });
});
