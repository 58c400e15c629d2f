/** What keeps connections, and finds them by their order numbers. */
export interface Numbered {
  connectionOfOrder(order: number): { disconnect(): boolean } | undefined;
}

/**
 * What the world outside a signal holds of a connection: undo functions, abort signals and the
 * finalization registry. If they held the connection itself they would keep its receiver alive,
 * and with it the sender that receivers so often close over (D-041).
 */
export class ConnectionHandle {
  // A WeakRef for each connection would take longer than the rest of connect().
  readonly #home: WeakRef<Numbered>;
  readonly #order: number;

  constructor(home: WeakRef<Numbered>, order: number) {
    this.#home = home;
    this.#order = order;
  }

  /** Ends the connection; false when it had ended before, be it together with its sender. */
  disconnect(): boolean {
    return this.#home.deref()?.connectionOfOrder(this.#order)?.disconnect() ?? false;
  }
}
