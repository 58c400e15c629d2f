import { atomic, onCommit } from 'sequelize-signals';
import type { Ledger } from './ledger.js';

/** One block of a random program, and what is known of it from the outside. */
interface RunBlock {
  readonly parent: RunBlock | undefined;
  readonly writes: string[];
  readonly callbacks: string[];
  outcome: 'running' | 'resolved' | 'rejected';
}

/** What may be in the database after a program, going by what its promises said. */
export interface Promised {
  readonly rows: string[];
  readonly called: string[];
  /** Blocks whose promise never settled. */
  readonly stuck: number;
}

/** The name of a row that exists before each program, so that writing it again fails. */
export const TAKEN = 'taken';

const DEEPEST = 4;

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Blocks within blocks that write, register callbacks, fail, swallow failures, and start things
 * side by side without waiting for all of them: whatever an application might do wrong.
 */
export class RandomProgram {
  readonly #ledger: Ledger;
  readonly #random: () => number;
  readonly #blocks: RunBlock[] = [];
  #names = 0;

  constructor(ledger: Ledger, seed: number) {
    this.#ledger = ledger;
    this.#random = numbersFrom(seed);
  }

  /** Runs up to two outermost blocks side by side, until everything in them has settled. */
  async run(): Promise<Promised> {
    const started: Promise<unknown>[] = [];
    for (let left = this.#chance(0.5) ? 2 : 1; left > 0; left -= 1) {
      started.push(this.#block(undefined, {}, 0));
    }
    await Promise.allSettled(started);
    await this.#settled();
    return this.#promised();
  }

  /** Work that a block did not await goes on after it; it ends by being refused. */
  async #settled(): Promise<void> {
    for (let patience = 200; patience > 0; patience -= 1) {
      if (this.#blocks.every(({ outcome }) => outcome !== 'running')) return;
      await this.#ledger.rows();
    }
  }

  #promised(): Promised {
    const kept = this.#blocks.filter(isKept);
    return {
      rows: kept.flatMap(({ writes }) => writes),
      called: kept.flatMap(({ callbacks }) => callbacks),
      stuck: this.#blocks.filter(({ outcome }) => outcome === 'running').length,
    };
  }

  async #block(
    parent: RunBlock | undefined,
    options: { savepoint?: boolean },
    depth: number,
  ): Promise<void> {
    const block: RunBlock = { parent, writes: [], callbacks: [], outcome: 'running' };
    this.#blocks.push(block);
    try {
      await atomic({ ...options, using: this.#ledger.sequelize }, () => this.#body(block, depth));
      block.outcome = 'resolved';
    } catch (error) {
      block.outcome = 'rejected';
      throw error;
    }
  }

  async #body(block: RunBlock, depth: number): Promise<void> {
    const sideBySide = this.#chance(0.4);
    const started: Promise<void>[] = [];
    for (let steps = 1 + Math.floor(this.#random() * 3); steps > 0; steps -= 1) {
      const step = this.#step(block, depth);
      if (sideBySide) started.push(step);
      else await step;
    }
    if (this.#chance(0.3)) {
      await Promise.all(started);
      return;
    }
    const outcomes = await Promise.allSettled(started);
    const failed = outcomes.find(({ status }) => status === 'rejected');
    if (failed && this.#chance(0.7)) throw (failed as PromiseRejectedResult).reason;
  }

  async #step(block: RunBlock, depth: number): Promise<void> {
    const choice = this.#random();
    if (choice < 0.35) return this.#write(block);
    if (choice < 0.42) return this.#register(block);
    if (choice < 0.47) return void (await this.#ledger.entries.count());
    if (choice < 0.52) return this.#violate();
    if (choice < 0.57) throw new Error('the application');
    if (depth < DEEPEST) await this.#nest(block, depth);
  }

  async #write(block: RunBlock): Promise<void> {
    const name = this.#name();
    await this.#ledger.write(name);
    block.writes.push(name);
  }

  async #register(block: RunBlock): Promise<void> {
    const name = this.#name();
    await onCommit(this.#ledger.callback(name), { using: this.#ledger.sequelize });
    block.callbacks.push(name);
  }

  async #violate(): Promise<void> {
    const swallow = this.#chance(0.5);
    await this.#ledger.write(TAKEN).catch((error) => {
      if (!swallow) throw error;
    });
  }

  async #nest(block: RunBlock, depth: number): Promise<void> {
    const swallow = this.#chance(0.6);
    await this.#block(block, { savepoint: this.#chance(0.8) }, depth + 1).catch((error) => {
      if (!swallow) throw error;
    });
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #name(): string {
    this.#names += 1;
    return `${this.#names}`;
  }
}

/** Whether the promises of a block and of all blocks around it said that its work is stored. */
function isKept(block: RunBlock): boolean {
  for (let level: RunBlock | undefined = block; level; level = level.parent) {
    if (level.outcome !== 'resolved') return false;
  }
  return true;
}
