import {
  ANYTHING,
  checkOptions,
  InvalidArgumentError,
  isClass,
  logger,
  type OptionRules,
  show,
} from '../base/index.js';
import {
  type AnyReceiver,
  checkNoSender,
  givenSenders,
  looksLikeSignal,
  type Mute,
  muteEverywhere,
  muteInFlow,
  Signal,
  showNoSignal,
} from '../signals/index.js';
import { type AnyClass, type AnyFunction, muteClass, muteFunction } from './mute-functions.js';

/** Options of `muteSignals`, after the signals. */
export interface MuteOptions {
  /** Mutes only what this sender sends, or those in an array. */
  readonly sender?: unknown;
  /** Receivers, and the `dispatchUid`s of receivers, that are called all the same. */
  readonly except?: readonly (AnyReceiver | string | symbol)[] | undefined;
}

/** A call of a receiver that was left out. */
export interface SuppressedCall {
  readonly signal: Signal<object>;
  readonly sender: unknown;
  /** What was sent, without the signal and the sender. */
  readonly payload: object;
  readonly receiver: AnyReceiver;
}

/** What a mute keeps from being called. */
export interface Muted {
  /** The calls that were left out, oldest first. */
  readonly suppressed: readonly SuppressedCall[];
}

/** A mute of the whole process. Disposing of it ends it. */
export interface MutedEverywhere extends Muted, Disposable {}

/** Signals to be muted, in any of these ways. Each may be used many times, also inside one another. */
export interface SignalMute extends Muted {
  /** All that was left out in all uses of this value, oldest first. */
  readonly suppressed: readonly SuppressedCall[];

  /**
   * Mutes in the asynchronous flow of `body` and nowhere else, until it has settled. `body` gets
   * what was left out in it.
   */
  run<Result>(body: (muted: Muted) => Result): Promise<Awaited<Result>>;

  /** Mutes in the whole process, until the result is disposed of. */
  everywhere(): MutedEverywhere;
  /**
   * Mutes in the whole process until `body` has settled: what a server in this process does for the
   * requests that `body` sends is muted, and so is what a test does that runs at the same time.
   */
  everywhere<Result>(body: (muted: Muted) => Result): Promise<Awaited<Result>>;

  /**
   * Wraps a function, or decorates a method, so that each call runs muted, until what it returns
   * has settled. As a decorator of a class it does so for all methods, static and inherited ones
   * too; accessors, constructors and fields are left as they are.
   */
  <Wrapped extends AnyFunction | AnyClass>(
    wrapped: Wrapped,
    context?: ClassMethodDecoratorContext | ClassDecoratorContext,
  ): Wrapped;
  /** Decorates a method as TypeScript's `experimentalDecorators` have it. */
  (target: object, name: string | symbol, descriptor: PropertyDescriptor): PropertyDescriptor;
}

/**
 * Keeps the receivers of signals from being called, as factory_boy's `mute_signals`.
 *
 * @remarks
 * The receivers that are connected when a use begins are muted; one that is connected later is
 * called. What is connected or disconnected meanwhile stays so afterwards. `hasListeners()` tells
 * who would be called, so it is false for a muted signal. Mutes may overlap and nest in any way.
 *
 * @example
 * ```ts
 * import { Signal } from 'sequelize-signals';
 * import { muteSignals } from 'sequelize-signals/testing';
 *
 * const orderPaid = new Signal<{ total: number }>({ name: 'orderPaid' });
 *
 * await muteSignals(orderPaid).run(async ({ suppressed }) => {
 *   await orderPaid.send('shop', { total: 12 });
 *   console.log(suppressed.length);
 * });
 *
 * const importOrders = muteSignals(orderPaid)(async () => {});
 * await importOrders();
 *
 * class Import {
 *   @muteSignals(orderPaid, { sender: 'shop', except: ['audit'] })
 *   async run() {}
 * }
 * await new Import().run();
 *
 * const muted = muteSignals(orderPaid).everywhere();
 * muted[Symbol.dispose]();
 * ```
 * @throws {@link InvalidArgumentError} when there is no signal, something else than a signal, or an
 * option that is unknown or of the wrong kind.
 */
export function muteSignals(
  ...signals: readonly Signal<object>[] | [...signals: Signal<object>[], options: MuteOptions]
): SignalMute {
  const { targets, options } = argumentsOf(signals);
  const suppressed: SuppressedCall[] = [];

  const mutesInto = (calls: SuppressedCall[] | undefined) =>
    mutesOf(targets, options, (call) => {
      suppressed.push(call);
      calls?.push(call);
    });
  const runMuted = <Result>(body: () => Result) => muteInFlow(mutesInto(undefined), body);

  function mute(first: unknown, second?: unknown, descriptor?: PropertyDescriptor): unknown {
    if (descriptor) return { ...descriptor, value: wrap(descriptor.value) };
    return wrap(first, (second as DecoratorContext | undefined)?.kind);
  }

  function wrap(wrapped: unknown, kind?: string): unknown {
    checkWrapped(wrapped, kind);
    if (kind !== 'class' && !isClass(wrapped)) return muteFunction(wrapped, runMuted);
    muteClass(wrapped as unknown as AnyClass, runMuted);
    return wrapped;
  }

  function everywhere(): MutedEverywhere;
  function everywhere<Result>(body: (muted: Muted) => Result): Promise<Awaited<Result>>;
  function everywhere(body?: (muted: Muted) => unknown): unknown {
    if (body !== undefined && typeof body !== 'function') {
      throw new InvalidArgumentError(`everywhere() runs a function, not ${show(body)}.`);
    }
    const calls: SuppressedCall[] = [];
    const end = muteEverywhere(mutesInto(calls));
    const muted = { suppressed: calls, [Symbol.dispose]: end };
    return body === undefined ? muted : (async () => body(muted))().finally(end);
  }

  return Object.assign(mute as unknown as SignalMute, {
    suppressed,
    async run<Result>(body: (muted: Muted) => Result): Promise<Awaited<Result>> {
      const calls: SuppressedCall[] = [];
      return await muteInFlow(mutesInto(calls), () => body({ suppressed: calls }));
    },
    everywhere,
  });
}

const RULES: OptionRules = {
  sender: ANYTHING,
  except: { accepts: isExcept, expected: 'an array of receivers and dispatchUids' },
};

function isExcept(value: unknown): boolean {
  const kinds = ['function', 'string', 'symbol'];
  return Array.isArray(value) && value.every((one) => kinds.includes(typeof one));
}

function argumentsOf(given: readonly unknown[]): {
  targets: readonly Signal<object>[];
  options: MuteOptions;
} {
  const last = given.at(-1);
  const hasOptions = given.length > 0 && !looksLikeSignal(last);
  const options = hasOptions ? last : {};
  const targets = hasOptions ? given.slice(0, -1) : given;
  if (hasOptions) {
    checkNoSender('muteSignals(signal', options, Object.keys(RULES));
    checkOptions('muteSignals()', options, RULES);
    warnOfMissingSender(options as MuteOptions);
  }

  if (targets.length === 0) throw new InvalidArgumentError('muteSignals() needs a Signal.');
  for (const target of targets) {
    if (target instanceof Signal) continue;
    throw new InvalidArgumentError(`muteSignals() mutes Signals, not ${showNoSignal(target)}`);
  }
  return { targets: targets as readonly Signal<object>[], options: options as MuteOptions };
}

const ANY_SENDER = [null];

/**
 * A sender that is not there mutes those of all, as without the option: that makes a test quieter than
 * it should be, where a receiver that is connected so would act on what it was never meant for.
 */
function warnOfMissingSender(options: MuteOptions): void {
  if (options.sender !== undefined || !Object.hasOwn(options, 'sender')) return;
  logger().warn(
    'The option "sender" of muteSignals() is not there, so that all senders are muted: most likely its module ' +
      'has not run yet, as modules import one another in a circle. To mute all, leave it out, or pass null.',
  );
}

function mutesOf(
  signals: readonly Signal<object>[],
  options: MuteOptions,
  onSuppressed: (call: SuppressedCall) => void,
): Mute[] {
  const except = options.except && new Set(options.except);
  const senders =
    options.sender === undefined ? ANY_SENDER : givenSenders('muteSignals()', options);
  return signals.flatMap((signal) =>
    senders.map((sender) => ({
      signal,
      sender,
      except,
      onSuppressed: (call) => onSuppressed({ ...call, signal }),
    })),
  );
}

function checkWrapped(wrapped: unknown, kind: string | undefined): asserts wrapped is AnyFunction {
  const isDecorable = kind === undefined || kind === 'method' || kind === 'class';
  if (typeof wrapped === 'function' && isDecorable) return;
  throw new InvalidArgumentError(
    `muteSignals() wraps functions, and decorates methods and classes, not ${kind ?? show(wrapped)}.`,
  );
}
