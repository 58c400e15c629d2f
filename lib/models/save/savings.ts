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

/** The savings of the calls of `save()` that are under way, the latest call last. */
const ofCalls = new WeakMap<Model, Saving[]>();

/** Has `savingOfCall` tell of the saving of a call of `save()`. Returns the undo. */
export function callBegins(saving: Saving): () => void {
  const all = ofCalls.get(saving.instance) ?? [];
  ofCalls.set(saving.instance, all);
  all.push(saving);
  return () => {
    all.splice(all.indexOf(saving), 1);
    if (all.length === 0) ofCalls.delete(saving.instance);
  };
}

/** The saving of the latest call of `save()` for an instance that is under way. */
export function savingOfCall(instance: Model): Saving | undefined {
  return ofCalls.get(instance)?.at(-1);
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
