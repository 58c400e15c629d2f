/**
 * A shop, with what its parts do when an order is placed, paid and cancelled: blocks, savepoints,
 * receivers that wait for the commit, and signals of its own.
 */
import { atomic, configure, onCommit, postBulkUpdate } from 'sequelize-signals';
import { Order, OrderItem, sequelize } from './models.js';
import { searchIndex } from './outside-world.js';
import { connectReceivers } from './receivers.js';
import { createOrder, markPaid } from './shop.js';
import { orderCancelled, orderPaid } from './signals.js';

async function placed(): Promise<void> {
  console.log('An order and its items are stored together; mail and index wait for the commit:');
  await createOrder('Ada', ['loom', 'cards']);

  console.log('An order that fails leaves nothing behind, in the database or outside of it:');
  const failure = createOrder('Alan', ['tape', '']);
  await failure.catch((error: Error) => console.log(`  ${error.message}`));
  console.log(`  stored: ${await Order.count()} order, ${await OrderItem.count()} items`);
}

async function connectedTwice(): Promise<void> {
  console.log('With a dispatchUid a receiver that is connected again is still called once:');
  connectReceivers();
  await createOrder('Grace', ['moth']);
}

async function riskyStep(): Promise<void> {
  console.log('A nested block can fail by itself; the block around it goes on:');
  await atomic(async () => {
    const order = await createOrder('Edsger', ['chalk']);
    const gift = atomic(async () => {
      await OrderItem.create({ orderId: order.id, product: 'gift' });
      await onCommit(() => console.log('  never printed: it was undone with the gift'));
      throw new Error('no gifts left');
    });
    await gift.catch((error: Error) => console.log(`  ${error.message}`));
    await order.update({ status: 'processed' });
  });
  const order = await Order.findOne({ where: { customer: 'Edsger' }, rejectOnEmpty: true });
  const items = await OrderItem.count({ where: { orderId: order.id } });
  console.log(`  order ${order.id} is ${order.status} and has ${items} item`);
}

async function paid(): Promise<void> {
  console.log('send() lets the error of a receiver through, and with it the payment is undone:');
  const order = await createOrder('Barbara', ['cloud']);
  const undo = orderPaid.connect(function checkFraud() {
    throw new Error('the card was stolen');
  });
  await markPaid(order).catch((error: Error) => console.log(`  ${error.message}`));
  await order.reload();
  console.log(`  order ${order.id} is ${order.status}, with ${order.points} points`);

  undo();
  await markPaid(order);
  await order.reload();
  console.log(`  order ${order.id} is ${order.status}, with ${order.points} points`);
}

async function robust(): Promise<void> {
  console.log('sendRobust() calls every receiver, logs the errors, and returns them:');
  // The message has the file and the line of the error, which are others on each machine.
  const log = (message: string) => console.log(`  log: ${message.replace(/\(.*\)/, '(…)')}`);
  configure({ logger: { error: log, warn: console.warn } });
  orderCancelled.connect(function refund() {
    throw new Error('the bank is closed');
  });
  orderCancelled.connect(function askWhy({ orderId }) {
    return `asked the customer of order ${orderId}`;
  });
  for (const [receiver, response] of await orderCancelled.sendRobust(Order, { orderId: 1 })) {
    console.log(`  ${receiver.name}: ${response}`);
  }
}

async function inOrder(): Promise<void> {
  console.log('Callbacks run in the order of their registration, whatever time they take:');
  await atomic(async () => {
    await onCommit(async () => {
      await Order.count();
      console.log('  a');
    });
    await onCommit(() => console.log('  b'));
    await onCommit(() => console.log('  c'));
  });
}

async function cancelledTogether(): Promise<void> {
  console.log(
    'One query for many rows sends no postSave. It sends postBulkUpdate, without the rows:',
  );
  using _told = postBulkUpdate.connect(
    function printCount({ values, count }) {
      console.log(`  ${count} orders are ${values.status}`);
    },
    { sender: Order },
  );
  await atomic(async () => {
    const pending = await Order.findAll({ where: { status: 'pending' } });
    const ids = pending.map(({ id }) => id);
    await Order.update({ status: 'cancelled' }, { where: { id: ids } });
    // Each round of the loop has an `id` of its own. Python has one for the whole loop.
    for (const id of ids) await onCommit(() => searchIndex.remove(id));
  });

  console.log('The trap is a variable that outlives the loop: each callback sees its last value:');
  await atomic(async () => {
    let last = 0;
    for (const id of [1, 2, 3]) {
      last = id;
      await onCommit(() => console.log(`  id ${id}, last ${last}`));
    }
  });
}

async function main(): Promise<void> {
  await sequelize.sync();
  connectReceivers();
  await placed();
  await connectedTwice();
  await riskyStep();
  await paid();
  await robust();
  await inOrder();
  await cancelledTogether();
}

void main();
