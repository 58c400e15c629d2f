/** What a campaign has seen, in numbers: a program that does nothing proves nothing. */
export class Tally {
  readonly #counts = new Map<string, number>();

  /** A line for each kind. */
  get lines(): string[] {
    const kinds = [...this.#counts].filter(([, count]) => count > 0).sort();
    return kinds.map(([kind, count]) => `${String(count).padStart(9)}  ${kind}`);
  }

  count(kind: string, times = 1): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + times);
  }
}
