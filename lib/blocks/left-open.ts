import { BadlyBehavedTransactionSignalHandlerError, FlowValue } from '../base/index.js';

/** A transaction that ends by a call of somebody. */
interface Unfinished {
  readonly open: boolean;
  discard(cause: unknown): Promise<void>;
}

/** The watch that is kept on the current flow. */
const watch = new FlowValue<LeftOpenWatch>();

/** Tells whoever watches this flow that it began a transaction which it must end itself. */
export function noteBegun(transaction: Unfinished): void {
  watch.get()?.note(transaction);
}

/** Finds the transactions that functions began and returned without ending. */
export class LeftOpenWatch {
  #begun: Unfinished[] | undefined = [];

  /** Runs `body` under a new watch. */
  static async run(body: (watch: LeftOpenWatch) => Promise<void>): Promise<void> {
    const own = new LeftOpenWatch();
    try {
      await watch.run(own, () => body(own));
    } finally {
      await own.rollBackOpen(); // a function that threw may have left one open as well
      // Work that such a function started may go on in this flow for long.
      own.#begun = undefined;
    }
  }

  note(transaction: Unfinished): void {
    this.#begun?.push(transaction);
  }

  /** Whether there is something to look at. */
  get hasSuspects(): boolean {
    return this.#begun !== undefined && this.#begun.length > 0;
  }

  /** Rolls back what the function `name` left open, and throws when there was something. */
  async assertNothingLeftBy(name: string): Promise<void> {
    if (!(await this.rollBackOpen())) return;
    throw new BadlyBehavedTransactionSignalHandlerError(
      `"${name}" began a transaction and returned without ending it. It has been rolled back. ` +
        'Commit it before returning, or use atomic(), which ends by itself.',
    );
  }

  /** Rolls back what is open, and tells whether there was something. */
  async rollBackOpen(): Promise<boolean> {
    const left = this.#begun?.splice(0).filter((transaction) => transaction.open) ?? [];
    // Nobody is told of these rollbacks: a receiver of postRollback that leaves a transaction open
    // would be called for ever. A rollback that fails has closed the connection, and so freed it.
    for (const transaction of left) await transaction.discard(undefined).catch(() => {});
    return left.length > 0;
  }
}
