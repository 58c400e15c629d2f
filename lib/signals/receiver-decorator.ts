import { InvalidArgumentError, show } from '../base/index.js';
import { type ConnectOptions, checkReceiverOptions } from './connect-options.js';
import { showNoSignal } from './foreign-signal.js';
import { givenSenders } from './given-senders.js';
import type { BySender, PayloadOf } from './payload.js';
import { checkReceiver, type Receiver, type SignalEvent } from './receiver.js';
import { Signal } from './signal.js';

/** One signal, or several that a receiver is connected to together. */
export type SignalOrSignals = Signal<object> | readonly Signal<object>[];

/** The event of a signal; of several, the union of theirs. */
export type EventOf<Signals, Sender = unknown> = Signals extends readonly (infer Each)[]
  ? EventOf<Each, Sender>
  : Signals extends { readonly '~bySender': infer Kind extends BySender }
    ? EventBySender<Kind & { readonly sender: Sender }>
    : Signals extends Signal<object>
      ? SignalEvent<PayloadOf<Signals>, Sender>
      : never;

/** Who may be named as the sender of a signal; of several, of those that restrict it. */
export type SenderOf<Signals> = [Restricting<Signals>] extends [never]
  ? unknown
  : Restricting<Signals>['~bySender']['senders'];

/** Who may be the sender of an event when nobody is named. */
export type AnySenderOf<Signals> = [Restricting<Signals>] extends [never]
  ? unknown
  : Restricting<Signals>['~bySender']['from'];

/** Those of the signals that do not take any value for a sender. */
type Restricting<Signals> = Extract<
  Signals extends readonly (infer Each)[] ? Each : Signals,
  { readonly '~bySender': BySender }
>;

type EventBySender<Kind extends BySender> = SignalEvent<Kind['payload'], Kind['from']>;

/** What `receiver()` returns: it takes a function, or decorates a method. */
export interface ConnectReceiver<Event, This = void> {
  /** Connects the function and returns it. */
  <Connected extends (this: This, event: Event) => unknown>(receiver: Connected): Connected;
  /** Connects the method of each new object; a static method that of the class. */
  <Owner, Method extends (this: Owner, event: Event) => unknown>(
    method: Method,
    context: ClassMethodDecoratorContext<Owner, Method>,
  ): void;
  /** Connects a static method as TypeScript's `experimentalDecorators` decorate it. */
  <Method extends (this: never, event: Event) => unknown>(
    owner: abstract new (...parameters: never[]) => unknown,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void;
}

/**
 * Connects a function to a signal, or to each of an array of signals, and returns the function.
 * Above a method it is a decorator.
 *
 * @remarks
 * The options are those of `connect`. A decorated method is connected with its object as `thisArg`
 * when the object is made, a static method when the class is made. The signal keeps such an object
 * alive; say `weak: true` for objects that come and go.
 *
 * Under TypeScript's `experimentalDecorators` it decorates static methods, above other decorators:
 * such decorators are never told of new objects, and so it is an error above the method of one.
 *
 * @example
 * ```ts
 * import { receiver, Signal, type SignalEvent } from 'sequelize-signals';
 *
 * const orderPaid = new Signal<{ total: number }>({ name: 'orderPaid' });
 * const orderSent = new Signal<{ total: number }>({ name: 'orderSent' });
 *
 * export const onOrder = receiver([orderPaid, orderSent])(({ signal, total }) => {
 *   return `${signal.name}: ${total}`;
 * });
 *
 * export class Ledger {
 *   sum = 0;
 *
 *   @receiver(orderPaid, { weak: true })
 *   add({ total }: SignalEvent<{ total: number }>) {
 *     this.sum += total;
 *   }
 * }
 * ```
 * @throws {@link InvalidArgumentError} when it is given anything but signals, an option is unknown
 * or of the wrong kind, or what it is put above is not a method.
 */
export function receiver<
  const Signals extends SignalOrSignals,
  const Sender extends SenderOf<Signals> = AnySenderOf<Signals>,
  This = void,
>(
  signals: Signals,
  options: ConnectOptions<Sender, This> = {},
): ConnectReceiver<EventOf<Signals, Sender>, This> {
  const targets = signalsIn(signals);
  checkReceiverOptions(options);
  givenSenders('receiver()', options);

  function connectReceiver(
    connected: Receiver<object>,
    context?: ClassMethodDecoratorContext<object, Receiver<object>> | string | symbol,
    descriptor?: PropertyDescriptor,
  ): Receiver<object> | undefined {
    if (typeof context === 'string' || typeof context === 'symbol') {
      checkDecorated(isMethod(descriptor) ? 'method' : 'other', options);
      checkStatic(connected, context);
      connectAll(targets, descriptor?.value, { ...options, thisArg: connected });
      return undefined;
    }
    checkReceiver(connected);
    if (context === undefined) {
      connectAll(targets, connected, options);
      return connected;
    }

    checkDecorated(context.kind, options);
    context.addInitializer(function (this: object) {
      // Asks the object: a subclass may have its own method, and other decorators may wrap it.
      connectAll(targets, context.access.get(this), { ...options, thisArg: this });
    });
    return connected;
  }
  return connectReceiver as ConnectReceiver<EventOf<Signals, Sender>, This>;
}

function connectAll(
  signals: readonly Signal<object>[],
  connected: Receiver<object>,
  options: ConnectOptions,
): void {
  for (const signal of signals) signal.connect(connected, options);
}

function signalsIn(signals: SignalOrSignals): readonly Signal<object>[] {
  const targets: readonly Signal<object>[] = signals instanceof Signal ? [signals] : signals;
  if (Array.isArray(targets) && targets.every((target) => target instanceof Signal)) return targets;

  throw new InvalidArgumentError(
    `receiver() needs a Signal or an array of Signals, not ${showNoSignal(signals)}`,
  );
}

function isMethod(descriptor: PropertyDescriptor | undefined): boolean {
  return typeof descriptor?.value === 'function';
}

function checkDecorated(kind: string, options: ConnectOptions): void {
  if (kind !== 'method') {
    throw new InvalidArgumentError(
      'receiver() decorates methods and nothing else. Call it for other functions, as in receiver(signal)(fn).',
    );
  }
  if (options.thisArg !== undefined) {
    throw new InvalidArgumentError(
      'receiver() calls a decorated method on its own object. Leave the option "thisArg" out.',
    );
  }
}

/** Decorators of the old kind get the class for a static method, and its prototype for any other. */
function checkStatic(owner: unknown, method: string | symbol): void {
  if (typeof owner === 'function') return;
  throw new InvalidArgumentError(
    `Under "experimentalDecorators", receiver() above ${show(method)} hears of no object that is made. ` +
      'Make the method static, or connect it in the constructor: ' +
      'signal.connect(this.method, { thisArg: this }). Without that flag of the compiler it works as it is.',
  );
}
