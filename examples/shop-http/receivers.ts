import { onCommit, postSave, type Undo } from 'sequelize-signals';
import { sendMail } from './mail.js';
import { Order, Product } from './models.js';

/** What happens because of an order, in the transaction of the request that made it. */
export function connectReceivers(): Undo[] {
  return [
    postSave.connect(
      async function takeFromStock({ instance, created }) {
        if (!created) return;
        const product = await Product.findByPk(instance.product, { rejectOnEmpty: true });
        if (product.stock === 0) throw new OutOfStockError(product.name);
        await product.decrement('stock');
      },
      { sender: Order },
    ),
    postSave.connect(
      async function confirmByMail({ instance, created }) {
        if (!created) return;
        await onCommit(() => sendMail(instance.customer, `order ${instance.id} is on its way`));
      },
      { sender: Order },
    ),
  ];
}

/** An order cannot be delivered. Express answers with its status. */
export class OutOfStockError extends Error {
  readonly status = 409;

  constructor(product: string) {
    super(`There is no ${product} left.`);
  }
}
