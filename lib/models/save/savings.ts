import type { Model } from 'sequelize';
import { ROW_QUEUE, type SaveCallOptions } from './save-options.js';
import type { Saving } from './saving.js';

/**
 * On the options of a save: the savings that are under way with them. Sequelize's copies of the
 * options keep it; it makes a dozen of them, and copies symbols slowly.
 */
const SAVINGS = 'sequelize-signals.savings';

interface Options extends SaveCallOptions {
  [SAVINGS]?: Savings | undefined;
}

/** The options of a call for one saving, which nothing else is under way with. */
export function optionsFor(saving: Saving, options: SaveCallOptions | undefined): SaveCallOptions {
  const savings = new Savings(saving);
  // The key comes first: behind a spread, it would be slow to add.
  const marked: Options = { [SAVINGS]: savings, ...options };
  // There may be savings of another call: a hook can hand its options on.
  marked[SAVINGS] = savings;
  // What a hook saves with them is no row of the call, and must not wait for this very save.
  if (marked[ROW_QUEUE]) marked[ROW_QUEUE] = undefined;
  return marked;
}

/** The saving of an instance that is under way with these options. */
export function savingWith(options: Options, instance: Model): Saving | undefined {
  return options[SAVINGS]?.of(instance);
}

/** Notes a saving on options that may have others: those of a call for many rows. */
export function noteSaving(options: Options, saving: Saving): void {
  if (options[SAVINGS]) options[SAVINGS].add(saving);
  else options[SAVINGS] = new Savings(saving);
}

/**
 * Savings by their instances. Sequelize copies the options that carry them again and again, and
 * what is no class of one's own, such as a bare Map, slows each of its copies.
 */
class Savings {
  readonly #first: Saving;
  #others: Map<Model, Saving> | undefined;

  constructor(first: Saving) {
    this.#first = first;
  }

  of(instance: Model): Saving | undefined {
    return this.#first.instance === instance ? this.#first : this.#others?.get(instance);
  }

  add(saving: Saving): void {
    this.#others ??= new Map();
    this.#others.set(saving.instance, saving);
  }
}
