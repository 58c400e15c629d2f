import type { Sequelize } from 'sequelize';
import { FlowValue } from '../base/index.js';
import { Moment } from './moment.js';

/** The line in which the query of the current flow has its turn. */
const current = new FlowValue<Line>();

/**
 * Sends the queries of one transaction one after another, as its connection does. Left to the
 * driver, those behind a statement with which the server ended the transaction, as MySQL does at a
 * deadlock, would be sent before anybody knows, and each be stored by itself.
 */
export class Line {
  readonly #sequelize: Sequelize;
  #end: Moment | undefined;

  constructor(sequelize: Sequelize) {
    this.#sequelize = sequelize;
  }

  /** Calls `send` when those before it have settled. */
  async send<Result>(send: () => Promise<Result>): Promise<Result> {
    // A hook of Sequelize's that sends a query, while its own is being sent, cannot wait for that.
    const nests = mayNest(this.#sequelize);
    if (nests && current.get() === this) return send();

    const before = this.#end;
    const end = new Moment();
    this.#end = end;
    try {
      if (before !== undefined) await before.awaited();
      return await (nests ? current.run(this, send) : send());
    } finally {
      if (this.#end === end) this.#end = undefined;
      end.comes();
    }
  }
}

function mayNest(sequelize: Sequelize): boolean {
  return sequelize.hasHook('beforeQuery') || sequelize.hasHook('afterQuery');
}
