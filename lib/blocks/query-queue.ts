import { FlowValue } from '../base/index.js';
import type { Driver } from './driver.js';
import { Latch } from './latch.js';

/** The queue whose query is being sent in the current flow. */
const sending = new FlowValue<QueryQueue>();

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

  /** Calls `send` when those before it have settled. */
  async send<Result>(send: () => Promise<Result>): Promise<Result> {
    // A hook that sends a query while its own query is being sent cannot wait for that one.
    const nests = this.#driver.queriesNest();
    if (nests && sending.get() === this) return send();

    const before = this.#last;
    const done = new Latch();
    this.#last = done;
    try {
      if (before !== undefined) await before.opened();
      return await (nests ? sending.run(this, send) : send());
    } finally {
      if (this.#last === done) this.#last = undefined;
      done.open();
    }
  }
}
