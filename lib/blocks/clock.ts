/**
 * Numbers what happens in one transaction, in order: what has a higher number came later. It is how
 * a rollback tells what it undoes.
 */
export class Clock {
  #now = 0;

  /** The moment of what happened last. */
  get now(): number {
    return this.#now;
  }

  /** The moment of what is happening. */
  tick(): number {
    this.#now += 1;
    return this.#now;
  }
}
