import { expectTypeOf } from 'expect-type';
import {
  type AnyReceiver,
  type ConnectOptions,
  type PayloadOf,
  type Receiver,
  type ReceiverResponse,
  receiver,
  Signal,
  type SignalEvent,
  type Undo,
} from 'sequelize-signals';
import type { Decided } from '#lib/signals/index';

class Order {
  readonly total: number = 1;
}
interface Paid {
  order: Order;
  paidAt?: Date;
}
class Ledger {
  readonly sum: number = 0;
  add(event: SignalEvent<Paid>) {
    return event.order.total + this.sum;
  }
  addBound(this: Ledger, { order }: { order: Order }) {
    return order.total + this.sum;
  }
}

const paid = new Signal<Paid>({ name: 'orderPaid' });
const sent = new Signal<{ order: Order; by: string }>();
const bare = new Signal();
const ledger = new Ledger();

// The event has the payload, the signal, and the sender that is named.
paid.connect((event) => {
  expectTypeOf(event.order).toEqualTypeOf<Order>();
  expectTypeOf(event.paidAt).toEqualTypeOf<Date | undefined>();
  expectTypeOf(event.signal).toEqualTypeOf<Signal<Paid>>();
  expectTypeOf(event.sender).toEqualTypeOf<unknown>();
});
paid.connect(({ sender }) => expectTypeOf(sender).toEqualTypeOf<typeof Order>(), { sender: Order });
paid.connect(({ sender }) => expectTypeOf(sender).toEqualTypeOf<string>(), { sender: 'shop' });
paid.connect(({ sender }) => expectTypeOf(sender).toEqualTypeOf<unknown>(), { sender: null });
paid.connect(({ sender }) => expectTypeOf(sender).toEqualTypeOf<unknown>(), { once: true });
paid.connect((event: SignalEvent<Paid, typeof Order>) => event, { sender: Order });
paid.connect(({ sender }) => expectTypeOf(sender).toEqualTypeOf<typeof Order | typeof Ledger>(), {
  sender: [Order, Ledger],
});
receiver(paid, { sender: ['shop', 'market'] })(({ sender }) =>
  expectTypeOf(sender).toEqualTypeOf<'shop' | 'market'>(),
);
receiver(paid, { sender: null })(({ order }) => order.total);
// @ts-expect-error -- anyone may send when no sender is named
paid.connect((event: SignalEvent<Paid, typeof Order>) => event);
// @ts-expect-error -- the payload has no such key
paid.connect(({ invoice }) => invoice);

// With thisArg the receiver has it as this; without, it may not ask for one.
paid.connect(ledger.add, { thisArg: ledger });
paid.connect(ledger.addBound, { thisArg: ledger, weak: true });
paid.connect(
  function () {
    expectTypeOf(this).toEqualTypeOf<Ledger>();
  },
  { thisArg: ledger, sender: Order },
);
// @ts-expect-error -- this receiver needs a Ledger as its this
paid.connect(ledger.addBound);
// @ts-expect-error -- and this is none
paid.connect(ledger.addBound, { thisArg: new Order() });

// Receivers may be the results of generic calls, return anything, and leave the event out.
declare function wrap<Arguments extends unknown[]>(
  inner?: (...args: Arguments) => unknown,
): (...args: Arguments) => unknown;
paid.connect(wrap());
paid.connect(wrap(), { dispatchUid: 'uid' });
paid.connect(wrap(), { sender: Order });
paid.connect(async () => 'done');
expectTypeOf(paid.connect(() => {})).toEqualTypeOf<Undo>();
expectTypeOf<Undo>().toExtend<Disposable>();

// Options are checked by name and by type.
// @ts-expect-error -- there is no such option
paid.connect(() => {}, { sendr: Order });
// @ts-expect-error -- a number is no uid
paid.connect(() => {}, { dispatchUid: 1 });
// @ts-expect-error -- a string is no object
paid.connect(() => {}, { thisArg: 'this' });
// @ts-expect-error -- a receiver is a function
paid.connect('receiver');
// @ts-expect-error -- weak says nothing to disconnect
paid.disconnect(ledger.add, { weak: true });
paid.disconnect(null, { dispatchUid: 'uid' });

// The payload may be left out only where nothing in it is required.
expectTypeOf(paid.send(Order, { order: new Order() })).toEqualTypeOf<Promise<ReceiverResponse[]>>();
expectTypeOf(bare.sendSync(Order)).toEqualTypeOf<[AnyReceiver, unknown][]>();
void bare.send(null, {});
void new Signal<{ paidAt?: Date }>().send(Order);
// @ts-expect-error -- the order is required
void paid.send(Order);
// @ts-expect-error -- the order is required
void paid.asend(Order, {});
// @ts-expect-error -- the payload has no such key
void paid.send(Order, { order: new Order(), invoice: 1 });

expectTypeOf<PayloadOf<typeof paid>>().toEqualTypeOf<Paid>();
expectTypeOf(paid).toExtend<Signal<object>>();
expectTypeOf(paid).not.toExtend<typeof sent>();

// receiver() knows the events of all its signals, and returns the function as it is.
const onPaid = receiver(paid, { sender: Order })(({ order, sender }) => {
  expectTypeOf(sender).toEqualTypeOf<typeof Order>();
  return order.total;
});
expectTypeOf(onPaid).returns.toEqualTypeOf<number>();
receiver([paid, sent])((event) => {
  expectTypeOf(event.order).toEqualTypeOf<Order>();
  if ('by' in event) expectTypeOf(event.by).toEqualTypeOf<string>();
});
// @ts-expect-error -- only one of the signals has it
receiver([paid, sent])(({ by }) => by);
receiver(paid, { thisArg: ledger })(ledger.addBound);

export class Decorated {
  @receiver(paid, { weak: true })
  onPaid({ order }: SignalEvent<Paid>) {
    return [order, this];
  }

  @receiver([paid, sent])
  onBoth({ order }: { order: Order }) {
    return order;
  }

  // @ts-expect-error -- the signal does not send this
  @receiver(paid)
  onInvoice({ invoice }: { invoice: Order }) {
    return invoice;
  }
}

// A subclass may narrow the payload by the sender, as the signals of models do.
class Row {
  readonly id: number = 1;
}
class User extends Row {
  readonly name: string = '';
}
type RowClass<Instance extends Row> = new () => Instance;
type Of<Payload, Instance> = Omit<Payload, 'instance'> & { instance: Instance };

class RowSignal<Payload extends { instance: Row }> extends Signal<Payload> {
  override connect<Instance extends Row, This = void>(
    receiver: Receiver<Of<Payload, Instance>, RowClass<Instance>, Decided<This>>,
    options: ConnectOptions<RowClass<Instance>, This> & { sender: RowClass<Instance> },
  ): Undo;
  override connect(receiver: Receiver<Payload>, options?: ConnectOptions<never, never>): Undo;
  override connect<Sender = unknown, This = void>(
    receiver: Receiver<Payload, Decided<Sender>, Decided<This>>,
    options: ConnectOptions<Sender, This>,
  ): Undo;
  override connect(receiver: AnyReceiver, options: ConnectOptions = {}): Undo {
    return super.connect(receiver as Receiver<Payload>, options as ConnectOptions<never, never>);
  }
}

const saved = new RowSignal<{ instance: Row; created: boolean }>({ name: 'saved' });
saved.connect(
  ({ instance, created }) => {
    expectTypeOf(instance).toEqualTypeOf<User>();
    expectTypeOf(created).toEqualTypeOf<boolean>();
  },
  { sender: User },
);
saved.connect(({ instance }) => expectTypeOf(instance).toEqualTypeOf<Row>());
saved.connect(({ instance }) => expectTypeOf(instance).toEqualTypeOf<Row>(), { sender: 'User' });
expectTypeOf<PayloadOf<typeof saved>>().toEqualTypeOf<{ instance: Row; created: boolean }>();
expectTypeOf(saved).toExtend<Signal<object>>();
