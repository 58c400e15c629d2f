import { logger } from '../base/index.js';
import { Moment } from './moment.js';

/** How long one waits for its turn before the wait is reported. */
const PATIENCE = 10_000;

/** What takes a turn: its `label` names it in a warning. */
interface Holder {
  readonly label: string;
}

class Turn {
  readonly holder: Holder;
  readonly start: Moment = new Moment();
  readonly end: Moment = new Moment();

  constructor(holder: Holder) {
    this.holder = holder;
  }
}

/**
 * Lets one at a time do something that only one at a time can do, in the order of asking: hold
 * the savepoint stack of a connection, or its only transaction.
 */
export class Turns {
  readonly #patience: number;
  #last: Turn | undefined;

  /** @param patience - after how many milliseconds a wait is reported. */
  constructor(patience: number = PATIENCE) {
    this.#patience = patience;
  }

  /** Waits until all who asked before are through; resolves to the function that ends this turn. */
  async take(holder: Holder): Promise<() => void> {
    const before = this.#last;
    const turn = this.#queue(holder);
    if (before) await patiently(before, holder, this.#patience);
    return this.#start(turn);
  }

  /** Does what `take` does where nobody is to be waited for, and returns at once. */
  takeFree(holder: Holder): () => void {
    return this.#start(this.#queue(holder));
  }

  #queue(holder: Holder): Turn {
    this.#last = new Turn(holder);
    return this.#last;
  }

  #start(turn: Turn): () => void {
    turn.start.comes();
    return () => {
      if (this.#last === turn) this.#last = undefined;
      turn.end.comes();
    };
  }

  /** Whether nobody holds or awaits a turn. */
  get free(): boolean {
    return this.#last === undefined;
  }
}

/** Waits, and says so when it takes long: whoever waits for its own end waits for ever. */
async function patiently(before: Turn, waiting: Holder, patience: number): Promise<void> {
  // Only the next in line has something to complain of, however many wait behind it.
  await before.start.awaited();
  const timer = setTimeout(() => {
    logger().warn(
      `${waiting.label} has waited ${patience / 1000} seconds for ${before.holder.label} to end. ` +
        'Blocks inside one transaction run one after another: if the second awaits the first, neither ends. ' +
        'Start it after the other, nest it inside the other, or run it with transaction.outside().',
    );
  }, patience);
  timer.unref();
  try {
    await before.end.awaited();
  } finally {
    clearTimeout(timer);
  }
}
