import { FlowValue } from '../context.js';

/** The line in which the query of the current flow has its turn. */
const current = new FlowValue<Line>();

/**
 * Sends the queries of one transaction one after another, as its connection does. Left to the
 * driver, those behind a statement with which the server ended the transaction, as MySQL does at a
 * deadlock, would be sent before anybody knows, and each be stored by itself.
 */
export class Line {
  #last: Promise<unknown> | undefined;

  /** Calls `send` when those before it have settled. */
  send<Result>(send: () => Promise<Result>): Promise<Result> {
    // A hook of Sequelize's that sends a query, while its own is being sent, cannot wait for that.
    if (current.get() === this) return send();

    const run = () => current.run(this, send);
    const sent = this.#last === undefined ? run() : this.#last.then(run);
    const done = () => {
      if (this.#last === settled) this.#last = undefined;
    };
    const settled = sent.then(done, done);
    this.#last = settled;
    return sent;
  }
}
