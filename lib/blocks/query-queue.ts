import { FlowValue } from '../base/index.js';
import type { Driver } from './driver.js';
import { Latch } from './latch.js';

/** What is being sent in the current flow: of which queue, and whether it is what ends or divides the transaction. */
interface Sending {
  readonly queue: QueryQueue;
  readonly isControl: boolean;
  /** What waits for it: a transaction may stand on another one, in tests. */
  readonly outer: Sending | undefined;
}

const sending = new FlowValue<Sending>();

/**
 * Sends the queries of one transaction one after another, as its connection does. If that were left
 * to the driver, those behind a statement with which the server ended the transaction, as MySQL does
 * at a deadlock, would be sent before anybody knows, and each be stored by itself.
 */
export class QueryQueue {
  readonly #driver: Driver;
  #last: Latch | undefined;

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  /**
   * Whether the current flow is a hook of a statement that begins, divides or ends this transaction. A
   * query that is sent there cannot wait for what waits for that statement, and needs no more than
   * the connection.
   */
  get isInControl(): boolean {
    return this.#isAround(({ isControl }) => isControl);
  }

  /** Whether the current flow is a hook of any statement of this transaction. */
  get isInHook(): boolean {
    return this.#isAround(() => true);
  }

  /** Calls `send` when those before it have settled. */
  send<Result>(send: () => Promise<Result>): Promise<Result> {
    return this.#send(send, false);
  }

  /** As `send`, for a statement that divides the transaction. */
  sendControl<Result>(send: () => Promise<Result>): Promise<Result> {
    return this.#send(send, true);
  }

  /** Calls `send`, which begins or ends the transaction, when nothing else is sent in it. */
  control<Result>(send: () => Promise<Result>): Promise<Result> {
    return this.#driver.queriesNest() ? this.#run(send, true) : send();
  }

  async #send<Result>(send: () => Promise<Result>, isControl: boolean): Promise<Result> {
    const nests = this.#driver.queriesNest();
    // A hook that sends a query while its own query is being sent cannot wait for that one.
    if (nests && sending.get()?.queue === this) return isControl ? this.#run(send, true) : send();

    const before = this.#last;
    const done = new Latch();
    this.#last = done;
    try {
      if (before !== undefined) await before.opened();
      return await (nests ? this.#run(send, isControl) : send());
    } finally {
      if (this.#last === done) this.#last = undefined;
      done.open();
    }
  }

  #isAround(wanted: (sending: Sending) => boolean): boolean {
    if (!this.#driver.queriesNest()) return false;
    for (let each = sending.get(); each; each = each.outer) {
      if (each.queue === this && wanted(each)) return true;
    }
    return false;
  }

  #run<Result>(send: () => Promise<Result>, isControl: boolean): Promise<Result> {
    return sending.run({ queue: this, isControl, outer: sending.get() }, send);
  }
}
