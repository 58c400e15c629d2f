import { functionName, logger } from '../base/index.js';
import { isWithin, type Scope } from './scope.js';

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
  /** Is told of a queue in which callbacks of its flow wait. */
  waitsIn(queue: Callbacks): void;
}

/** One registration: what to call, how, and in which block it was made. */
export interface Registration extends DueCallback {
  readonly block: Scope;
  readonly number: number;
}

/**
 * The callbacks of one transaction in registration order across its levels (D-249). What a
 * savepoint's rollback undoes was registered after it, so a rollback looks only at the tail.
 */
export class Callbacks {
  #registrations: Registration[] = [];
  #last = 0;

  /** A mark for `dropSince`: what is registered from now on comes after it. */
  get mark(): number {
    return this.#last;
  }

  /** How many callbacks wait. */
  get size(): number {
    return this.#registrations.length;
  }

  add(callback: Callback, robust: boolean, block: Scope, capture: Capture | undefined): void {
    this.#last += 1;
    this.#registrations.push({ callback, robust, block, number: this.#last, capture });
    capture?.waitsIn(this);
  }

  /**
   * Drops what was registered after `mark`: in `block` and the blocks inside it (D-251), or
   * anywhere. What an enclosing block registered meanwhile stays.
   */
  dropSince(mark: number, block?: Scope): void {
    const registrations = this.#registrations;
    let first = registrations.length;
    while (first > 0 && (registrations[first - 1] as Registration).number > mark) first -= 1;
    const tail = registrations.splice(first);
    if (!block) return;
    for (const registration of tail) {
      if (!isWithin(registration.block, block)) registrations.push(registration);
    }
  }

  /** Takes all callbacks off the queue (D-262). */
  take(): Registration[] {
    const taken = this.#registrations;
    this.#registrations = [];
    return taken;
  }

  /** Takes off the queue what was registered under one capture. */
  takeCapturedBy(capture: Capture): Registration[] {
    const taken = this.#registrations.filter((registration) => registration.capture === capture);
    this.#registrations = this.#registrations.filter(
      (registration) => !taken.includes(registration),
    );
    return taken;
  }
}

/** Logs the error of a callback that was asked to be survived (D-264). */
export function logFailedCallback(callback: Callback, when: string, error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  logger().error(
    `The onCommit callback "${functionName(callback)}" failed ${when}: ${text}`,
    error,
  );
}
