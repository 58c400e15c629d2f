import { functionName, groupBy, logger, textOf } from '../base/index.js';
import type { Block } from './block.js';
import type { Clock } from './clock.js';

/** A function to call after the commit. */
export type Callback = () => unknown;

/** A callback whose commit has happened. */
export interface DueCallback {
  readonly callback: Callback;
  readonly robust: boolean;
  readonly capture: Capture | undefined;
}

/** Somebody who has a say in what becomes of the callbacks that a flow registers: a test. */
export interface Capture {
  /** Whether it still wants what its flow registers. */
  readonly active: boolean;
  /** Is offered a callback that is about to run; true when it takes it, so that it does not run. */
  takes(callback: Callback, robust: boolean): boolean;
}

/**
 * Callbacks of one transaction that are settled together when their time has come, as only then it is
 * known which of them are left.
 */
export interface Batch {
  /** What is called in the place of each of those that are left, in their order; nothing for undefined. */
  settle(left: readonly Callback[]): readonly (Callback | undefined)[];
}

/** How a callback is called. */
export interface CallbackOptions {
  readonly robust: boolean;
  /** With which others it is settled. */
  readonly batch?: Batch | undefined;
}

/** One registration: what to call, how, and in which block it was made. */
export interface Registration extends DueCallback, CallbackOptions {
  readonly block: Block;
  readonly moment: number;
}

/**
 * The callbacks of one transaction in registration order across its levels (D-249). What a
 * savepoint's rollback undoes was registered after it, so a rollback looks only at the tail.
 */
export class Callbacks {
  readonly #clock: Clock;
  #registrations: Registration[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many callbacks wait. */
  get size(): number {
    return this.#registrations.length;
  }

  add(
    callback: Callback,
    options: CallbackOptions,
    block: Block,
    capture: Capture | undefined,
  ): void {
    const moment = this.#clock.tick();
    const { robust, batch } = options;
    this.#registrations.push({ callback, robust, batch, block, moment, capture });
  }

  /** Drops those that are `undone` among what was registered after the moment `since` (D-251). */
  dropSince(since: number, undone: (registration: Registration) => boolean): void {
    const registrations = this.#registrations;
    let first = registrations.length;
    while (first > 0 && (registrations[first - 1] as Registration).moment > since) first -= 1;
    const tail = registrations.splice(first);
    for (const registration of tail) {
      if (!undone(registration)) registrations.push(registration);
    }
  }

  /** Takes all callbacks off the queue (D-262), and settles those that are in batches. */
  take(): Registration[] {
    const taken = this.#registrations;
    this.#registrations = [];
    return settled(taken);
  }

  /** Drops all callbacks. */
  drop(): void {
    this.#registrations = [];
  }

  /** Takes off the queue what was registered under one capture. */
  takeCapturedBy(capture: Capture): Registration[] {
    const registrations = this.#registrations;
    this.#registrations = registrations.filter((each) => each.capture !== capture);
    return settled(registrations.filter((each) => each.capture === capture));
  }
}

/** Puts in the place of callbacks that are in batches what these make of them. */
function settled(registrations: Registration[]): Registration[] {
  if (!registrations.some(({ batch }) => batch)) return registrations;

  const callbackOf = new Map<Registration, Callback | undefined>();
  for (const [batch, left] of groupBy(registrations, (registration) => registration.batch)) {
    if (batch === undefined) continue;
    const callbacks = batch.settle(left.map(({ callback }) => callback));
    for (const [index, registration] of left.entries()) {
      callbackOf.set(registration, callbacks[index]);
    }
  }
  return registrations.flatMap((registration) => {
    if (registration.batch === undefined) return registration;
    const callback = callbackOf.get(registration);
    return callback ? { ...registration, callback } : [];
  });
}

/** Logs the error of a callback that was asked to be survived (D-264). */
export function logFailedCallback(callback: Callback, when: string, error: unknown): void {
  logger().error(
    `The onCommit callback "${functionName(callback)}" failed ${when}: ${textOf(error)}`,
    error,
  );
}
