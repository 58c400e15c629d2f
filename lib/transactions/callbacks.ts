/** A function to call after the commit. */
export type Callback = () => unknown;

/** A block, as far as the queue must know it. */
export interface Scope {
  readonly parent: Scope | undefined;
}

/** Whether `block` is `ancestor` or a block inside it. */
export function isWithin(block: Scope | undefined, ancestor: Scope): boolean {
  for (let level = block; level; level = level.parent) {
    if (level === ancestor) return true;
  }
  return false;
}

/** One registration: what to call, how, and in which block it was made. */
export interface Registration {
  readonly callback: Callback;
  readonly robust: boolean;
  readonly block: Scope;
  readonly number: number;
}

/**
 * The callbacks of one transaction in registration order across its levels (D-249). What a
 * savepoint's rollback undoes was registered after it, so a rollback looks only at the tail.
 */
export class Callbacks {
  #registrations: Registration[] = [];
  #last = 0;

  /** A mark for `dropSince`: what is registered from now on comes after it. */
  get mark(): number {
    return this.#last;
  }

  add(callback: Callback, robust: boolean, block: Scope): void {
    this.#last += 1;
    this.#registrations.push({ callback, robust, block, number: this.#last });
  }

  /**
   * Drops what was registered after `mark`: in `block` and the blocks inside it (D-251), or
   * anywhere. What an enclosing block registered meanwhile stays.
   */
  dropSince(mark: number, block?: Scope): void {
    const registrations = this.#registrations;
    let first = registrations.length;
    while (first > 0 && (registrations[first - 1] as Registration).number > mark) first -= 1;
    const tail = registrations.splice(first);
    if (!block) return;
    for (const registration of tail) {
      if (!isWithin(registration.block, block)) registrations.push(registration);
    }
  }

  /** Takes all callbacks off the queue (D-262). */
  take(): Registration[] {
    const taken = this.#registrations;
    this.#registrations = [];
    return taken;
  }
}
