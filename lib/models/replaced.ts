import type { Undos } from './family.js';

/**
 * The objects whose methods were replaced, and how to undo it. One that nobody else has, such as a
 * model that was defined anew, is free to be collected.
 */
export class Replaced<Owner extends object> {
  readonly #owners = new Set<WeakRef<Owner>>();
  readonly #undo = new WeakMap<Owner, Undos>();

  /** Replaces methods of `owner`, unless that was done already. */
  add(owner: Owner, replace: (owner: Owner) => Undos): void {
    if (this.#undo.has(owner)) return;
    this.#owners.add(new WeakRef(owner));
    this.#undo.set(owner, replace(owner));
  }

  /** Gives all of them their own methods back. */
  undo(): void {
    for (const reference of this.#owners) {
      const owner = reference.deref();
      for (const undo of (owner && this.#undo.get(owner)) ?? []) undo();
    }
    this.#owners.clear();
  }
}
