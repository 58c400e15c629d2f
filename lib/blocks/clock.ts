/**
 * Numbers what happens in one transaction, in order: what has a higher number came later. It is how
 * a rollback tells what it undoes.
 */
export class Clock {
  #last = 0;

  /** The moment of what is happening. */
  tick(): number {
    this.#last += 1;
    return this.#last;
  }
}
