/** A moment to wait for. Hardly anybody ever does, so the promise is made when it is asked for. */
export class Moment {
  #come = false;
  #promise: Promise<void> | undefined;
  #resolve: (() => void) | undefined;

  comes(): void {
    this.#come = true;
    this.#resolve?.();
  }

  awaited(): Promise<void> {
    if (this.#come) return Promise.resolve();
    this.#promise ??= new Promise((resolve) => {
      this.#resolve = resolve;
    });
    return this.#promise;
  }
}
