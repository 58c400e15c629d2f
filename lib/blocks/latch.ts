/**
 * Something to wait for, which happens once. Hardly anybody ever waits, so the promise is made
 * when it is asked for.
 */
export class Latch {
  #isOpen = false;
  #promise: Promise<void> | undefined;
  #resolve: (() => void) | undefined;

  open(): void {
    this.#isOpen = true;
    this.#resolve?.();
  }

  opened(): Promise<void> {
    if (this.#isOpen) return Promise.resolve();
    this.#promise ??= new Promise((resolve) => {
      this.#resolve = resolve;
    });
    return this.#promise;
  }
}
