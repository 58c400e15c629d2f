import { logger } from '../base/index.js';
import { Latch } from './latch.js';

/** How many milliseconds one waits for a lock before the wait is reported. */
const PATIENCE = 10_000;

/** Who holds a lock, or waits for it: the label names it in a warning. */
export interface LockHolder {
  readonly label: string;
}

/** One who asked for a lock, from asking to letting go. */
class Turn {
  readonly holder: LockHolder;
  readonly start: Latch = new Latch();
  readonly end: Latch = new Latch();

  constructor(holder: LockHolder) {
    this.holder = holder;
  }
}

/**
 * Lets one at a time hold what only one can hold, in the order of asking: the stack of savepoints
 * of a connection, or its only transaction.
 */
export class Lock {
  readonly #patience: number;
  #last: Turn | undefined;

  /** @param patience - after how many milliseconds a wait is reported. */
  constructor(patience: number = PATIENCE) {
    this.#patience = patience;
  }

  /** Whether nobody holds it or waits for it. */
  get isFree(): boolean {
    return this.#last === undefined;
  }

  /** Waits until all who asked before are through; resolves to the function that lets go. */
  async acquire(holder: LockHolder): Promise<() => void> {
    const before = this.#last;
    const turn = this.#queue(holder);
    if (before) await patiently(before, holder, this.#patience);
    return this.#start(turn);
  }

  /** As `acquire`, where it is known to be free, and so without a promise. */
  acquireFree(holder: LockHolder): () => void {
    return this.#start(this.#queue(holder));
  }

  #queue(holder: LockHolder): Turn {
    this.#last = new Turn(holder);
    return this.#last;
  }

  #start(turn: Turn): () => void {
    turn.start.open();
    return () => {
      if (this.#last === turn) this.#last = undefined;
      turn.end.open();
    };
  }
}

/** Waits, and says so when it takes long: whoever waits for its own end waits for ever. */
async function patiently(before: Turn, waiting: LockHolder, patience: number): Promise<void> {
  // Only the next in line has something to complain of, however many wait behind it.
  await before.start.opened();
  const timer = setTimeout(() => {
    logger().warn(
      `${waiting.label} has waited ${patience / 1000} seconds for ${before.holder.label} to end. ` +
        'Blocks inside one transaction run one after another: if the second awaits the first, neither ends. ' +
        'Start it after the other, nest it inside the other, or run it with transaction.outside().',
    );
  }, patience);
  // Where a test runner imitates a browser, as Jest's jsdom does, a timer is a number.
  if (typeof timer === 'object') timer.unref();
  try {
    await before.end.opened();
  } finally {
    clearTimeout(timer);
  }
}
