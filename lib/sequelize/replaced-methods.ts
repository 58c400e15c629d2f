/** How to undo the replacement of methods. */
export type Undos = readonly (() => void)[];

/**
 * The objects whose methods were replaced, and how to undo it. One that nobody else has, such as a
 * model that was defined anew, is free to be collected.
 */
export class ReplacedMethods<Owner extends object> {
  readonly #owners = new Set<WeakRef<Owner>>();
  readonly #undos = new WeakMap<Owner, Undos>();
  readonly #collected = new FinalizationRegistry<WeakRef<Owner>>((reference) => {
    this.#owners.delete(reference);
  });

  /** Replaces methods of `owner`, unless that was done already. */
  add(owner: Owner, replace: (owner: Owner) => Undos): void {
    if (this.#undos.has(owner)) return;
    const reference = new WeakRef(owner);
    this.#owners.add(reference);
    this.#collected.register(owner, reference);
    this.#undos.set(owner, replace(owner));
  }

  /** Gives all of them their own methods back. */
  undo(): void {
    for (const reference of this.#owners) {
      const owner = reference.deref();
      for (const undo of (owner && this.#undos.get(owner)) ?? []) undo();
    }
    this.#owners.clear();
  }
}
