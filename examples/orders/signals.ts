import { Signal } from 'sequelize-signals';
import type { Order } from './models.js';

/** Sent in the transaction of the payment, so that a receiver can still refuse it. */
export const orderPaid = new Signal<{ order: Order; paidAt: Date }>({ name: 'orderPaid' });

/** Sent when an order has been cancelled and nobody can stop it any more. */
export const orderCancelled = new Signal<{ orderId: number }>({ name: 'orderCancelled' });
