/**
 * How to test what receivers and callbacks do: the shop of the example `orders`, by recipes that
 * go into any test runner. Here each is a function, and a failing one ends the program.
 */
import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { onCommit, postSave } from 'sequelize-signals';
import {
  assertNoLeaks,
  captureOnCommitCallbacks,
  failCommit,
  muteSignals,
  recordSignal,
  testTransaction,
} from 'sequelize-signals/testing';
import { Order, sequelize } from '../orders/models.js';
import { createOrder, markPaid } from '../orders/shop.js';
import { orderPaid } from '../orders/signals.js';

/** The receiver under test: it counts what it is told of. */
const indexOrder = mock.fn(({ instance }: { instance: Order }) => instance.id);

async function mutedBlock(): Promise<void> {
  await muteSignals(postSave).run(async ({ suppressed }) => {
    await Order.create({ customer: 'Ada' });
    assert.equal(suppressed.length, 1);
  });
  assert.equal(indexOrder.mock.callCount(), 0);

  await Order.create({ customer: 'Grace' });
  assert.equal(indexOrder.mock.callCount(), 1);
}

async function mutedEverywhere(): Promise<void> {
  {
    using muted = muteSignals(postSave).everywhere();
    await Order.create({ customer: 'Ada' });
    assert.deepEqual(
      muted.suppressed.map(({ receiver }) => receiver),
      [indexOrder],
    );
  }
  assert.equal(postSave.hasListeners(Order), true);
}

const seedOrders = muteSignals(postSave)(async (...customers: string[]) => {
  for (const customer of customers) await Order.create({ customer });
});

async function mutedFunction(): Promise<void> {
  await seedOrders('Ada', 'Grace');
  assert.equal(await Order.count(), 2);
  assert.equal(indexOrder.mock.callCount(), 0);
}

@muteSignals(postSave)
class OrderFactory {
  static async create(customer = 'Ada'): Promise<Order> {
    return Order.create({ customer });
  }
}

async function mutedClass(): Promise<void> {
  await OrderFactory.create();
  assert.equal(indexOrder.mock.callCount(), 0);
}

async function disconnected(): Promise<void> {
  assert.equal(postSave.disconnect(indexOrder, { sender: Order }), true);
  await Order.create({ customer: 'Ada' });
  assert.equal(indexOrder.mock.callCount(), 0);

  postSave.connect(indexOrder, { sender: Order });
  await Order.create({ customer: 'Grace' });
  assert.equal(indexOrder.mock.callCount(), 1);
}

async function mocked(): Promise<void> {
  const thank = mock.fn((_event: { order: Order }) => {});
  using _connected = orderPaid.connect(thank, { sender: Order });
  const order = await Order.create({ customer: 'Ada' });

  await markPaid(order);

  assert.equal(thank.mock.callCount(), 1);
  assert.equal(thank.mock.calls[0]?.arguments[0].order, order);
}

async function recorded(): Promise<void> {
  using paid = recordSignal(orderPaid);
  await markPaid(await Order.create({ customer: 'Ada' }));
  assert.deepEqual(
    paid.events.map(({ order }) => order.status),
    ['paid'],
  );
}

async function captured(): Promise<void> {
  const callbacks = await captureOnCommitCallbacks(() => onCommit(() => assert.fail('not run')));
  assert.equal(callbacks.length, 1);

  const executed = await captureOnCommitCallbacks({ execute: true }, async () => {
    await createOrder('Ada', ['loom']);
  });
  assert.equal(executed.length, 1);
}

async function failedCommit(): Promise<void> {
  using fault = failCommit({ error: new Error('the disk is full') });
  await assert.rejects(createOrder('Ada', ['loom']), /the disk is full/);
  assert.equal(fault.happened, true);
  assert.equal(await Order.count(), 0);
}

const RECIPES: Readonly<Record<string, () => Promise<void>>> = {
  'muteSignals(…).run() mutes while a function runs': mutedBlock,
  'using … = muteSignals(…).everywhere() mutes until the scope ends': mutedEverywhere,
  'muteSignals(…)(fn) wraps a function that fills tables': mutedFunction,
  '@muteSignals(…) mutes the methods of a factory': mutedClass,
  'disconnect() and connect() take out one receiver': disconnected,
  'a mock is a receiver like any other': mocked,
  'recordSignal() keeps the events': recorded,
  'captureOnCommitCallbacks() takes the callbacks, and runs them on wish': captured,
  'failCommit() tries what rarely happens': failedCommit,
};

async function main(): Promise<void> {
  await sequelize.sync();
  postSave.connect(indexOrder, { sender: Order });

  assertNoLeaks();
  for (const [title, recipe] of Object.entries(RECIPES)) {
    const test = testTransaction();
    indexOrder.mock.resetCalls();
    await test.begin();
    await recipe();
    await test.rollback();
    assertNoLeaks();
    console.log(`✔ ${title}`);
  }
  console.log(`✔ testTransaction() leaves ${await Order.count()} orders behind`);
  console.log('✔ assertNoLeaks() found no receiver and no transaction that was left');
}

void main();
