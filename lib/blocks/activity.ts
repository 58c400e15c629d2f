/** A block inside another one, as far as the end of that other one must know it. */
export interface OpenChild {
  readonly open: boolean;
  /** Resolves when it has ended, once it has begun to end. */
  untilEnded(): Promise<void>;
}

/** What goes on in a block, and has to be over before the block ends. */
export class Activity<Child extends OpenChild> {
  #underWay = 0;
  #children: Set<Child> | undefined;
  #quiet: (() => void) | undefined;

  /** Something was begun that `finish` will end. */
  start(): void {
    this.#underWay += 1;
  }

  finish(): void {
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#quiet?.();
  }

  addChild(child: Child): void {
    this.#children ??= new Set();
    this.#children.add(child);
  }

  removeChild(child: Child): void {
    this.#children?.delete(child);
  }

  /** Ends the children that are still open, and waits for all that is under way. */
  settle(endChild: (child: Child) => Promise<void>): Promise<void> | undefined {
    const isQuiet = this.#underWay === 0 && (this.#children?.size ?? 0) === 0;
    return isQuiet ? undefined : this.#settle(endChild);
  }

  async #settle(endChild: (child: Child) => Promise<void>): Promise<void> {
    for (const child of this.#children ?? []) {
      await (child.open ? endChild(child) : child.untilEnded());
    }
    if (this.#underWay === 0) return;
    await new Promise<void>((resolve) => {
      this.#quiet = resolve;
    });
  }
}
