/** Something that ends when an abort signal is aborted. */
export interface Abortable {
  disconnect(): boolean;
}

// Many receivers may wait for one abort signal. Each with a listener of its own would make
// adding slower the more there are, and Node warn of a leak after the tenth.
const watches = new WeakMap<AbortSignal, AbortWatch>();

/** Disconnects `abortable` when `abortSignal` is aborted. */
export function watchAbort(abortSignal: AbortSignal, abortable: Abortable): void {
  const watch = watches.get(abortSignal) ?? new AbortWatch();
  if (watch.waiting.size === 0) {
    watches.set(abortSignal, watch);
    abortSignal.addEventListener('abort', watch);
  }
  watch.waiting.add(abortable);
}

/** Takes `watchAbort` back, and leaves nothing on the abort signal. */
export function unwatchAbort(abortSignal: AbortSignal, abortable: Abortable): void {
  const watch = watches.get(abortSignal);
  watch?.waiting.delete(abortable);
  if (watch?.waiting.size === 0) abortSignal.removeEventListener('abort', watch);
}

class AbortWatch {
  readonly waiting = new Set<Abortable>();

  /** Called by the abort signal. */
  handleEvent(): void {
    for (const abortable of this.waiting) abortable.disconnect();
  }
}
