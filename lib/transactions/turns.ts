import { logger } from '../logger.js';

/** How long one waits for its turn before the wait is reported. */
const PATIENCE = 10_000;

/** What takes a turn: its `label` names it in a warning. */
interface Waiting {
  readonly label: string;
}

/**
 * Lets one at a time do something that only one at a time can do, in the order of asking: hold
 * the savepoint stack of a connection, or its only transaction.
 */
export class Turns {
  #last: { readonly holder: Waiting; readonly over: Promise<void> } | undefined;

  /** Waits until all who asked before are through; resolves to the function that ends this turn. */
  async take(holder: Waiting): Promise<() => void> {
    const before = this.#last;
    let end = (): void => {};
    const turn = {
      holder,
      over: new Promise<void>((resolve) => {
        end = resolve;
      }),
    };
    this.#last = turn;
    if (before) await patiently(before.over, holder, before.holder);

    return () => {
      if (this.#last === turn) this.#last = undefined;
      end();
    };
  }

  /** Whether nobody holds or awaits a turn. */
  get free(): boolean {
    return this.#last === undefined;
  }
}

/** Waits, and says so when it takes long: whoever waits for its own end waits for ever. */
async function patiently(over: Promise<void>, waiting: Waiting, holder: Waiting): Promise<void> {
  const timer = setTimeout(() => {
    logger().warn(
      `${waiting.label} has waited ${PATIENCE / 1000} seconds for ${holder.label} to end. ` +
        'Blocks inside one transaction run one after another: if the second awaits the first, neither ends. ' +
        'Start it after the other, nest it inside the other, or run it with transaction.outside().',
    );
  }, PATIENCE);
  timer.unref();
  try {
    await over;
  } finally {
    clearTimeout(timer);
  }
}
