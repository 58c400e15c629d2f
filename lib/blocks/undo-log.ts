import type { Clock } from './clock.js';
import { isWithin, type Scope } from './scope.js';

/** How something in memory was. */
export interface Memento<Subject extends object> {
  putBack(subject: Subject): void;
}

/** One change of something in memory, from before it to its end. */
export interface Change {
  /** How it was before the first change at this level. */
  readonly memento: Memento<object>;
  /** Whether it was put back: what is still being done to it has to be put back as well. */
  readonly undone: boolean;
}

/** A block, of which something changes. */
export interface Changing extends Scope {
  /** What has to be undone for its work to be undone. */
  readonly level: Scope;
}

/** Whether what a block changed at a moment is undone. */
export type IsUndone<By extends Changing> = (by: By, moment: number) => boolean;

interface Entry<By extends Changing> extends Change {
  readonly moment: number;
  readonly by: By;
  memento: Memento<object>;
  undone: boolean;
}

/** An entry in the order of all of them. */
interface Position {
  readonly moment: number;
  readonly subject: WeakRef<object>;
}

/** Fewer positions than this need no tidying. */
const FEW = 1000;

/**
 * What the work of one transaction changes in memory, so that it can be put back together with the
 * rows. As with callbacks, what a savepoint's rollback undoes came after it. Nothing is kept alive
 * by it: a long transaction may make many rows whose instances nobody holds.
 */
export class UndoLog<By extends Changing> {
  readonly #clock: Clock;
  #entries: WeakMap<object, readonly Entry<By>[]> | undefined;
  #order: Position[] = [];
  #tidyAt = FEW;
  /** Since when there are levels that can be undone by themselves. */
  readonly #marks: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins a level at this moment, which can be undone by itself. */
  open(mark: number): void {
    this.#marks.push(mark);
  }

  /** Ends the level that began at `mark`: what changed in it is undone with what is around it. */
  close(mark: number): void {
    const index = this.#marks.lastIndexOf(mark);
    if (index >= 0) this.#marks.splice(index, 1);
    const enclosing = this.#marks.at(-1) ?? 0;
    this.#revise(mark, (entries) =>
      entries.filter((entry, at) => {
        const before = entries[at - 1];
        const isCovered = before && before.moment > enclosing && isCoveredBy(entry, before);
        return entry.moment <= mark || !isCovered;
      }),
    );
  }

  /**
   * Notes that `subject` is about to change in the block `by`. How it is has to be taken before the
   * first change at the level of that block alone.
   */
  note(subject: object, by: By, take: () => Memento<object>): Change {
    this.#entries ??= new WeakMap();
    const entries = this.#entries.get(subject) ?? [];
    const known = entries.at(-1);
    if (known && known.moment > (this.#marks.at(-1) ?? 0) && isWithin(known.by.level, by.level)) {
      return known;
    }
    const entry = { memento: take(), by, moment: this.#clock.tick(), undone: false };
    this.#entries.set(subject, [...entries, entry]);
    this.#order.push({ subject: new WeakRef(subject), moment: entry.moment });
    if (this.#order.length >= this.#tidyAt) this.#tidy();
    return entry;
  }

  /** Puts back what changed after `mark` and is undone. */
  undoSince(mark: number, isUndone: IsUndone<By>): void {
    this.#revise(mark, (entries, subject) => {
      const [first, ...others] = entries.filter(
        ({ by, moment }) => moment > mark && isUndone(by, moment),
      );
      if (!first) return entries;

      for (const entry of [first, ...others]) entry.undone = true;
      first.memento.putBack(subject);
      const left = entries.filter((entry) => !entry.undone);
      // A block around this one that changed it meanwhile took what this one had made of it.
      for (const entry of left) if (entry.moment > first.moment) entry.memento = first.memento;
      return left;
    });
  }

  /** Lets go of all that was noted. */
  forget(): void {
    this.#entries = undefined;
    this.#order = [];
  }

  /** Has `choose` say which entries stay, of each subject that has one since `mark`. */
  #revise(
    mark: number,
    choose: (entries: readonly Entry<By>[], subject: object) => readonly Entry<By>[],
  ): void {
    let first = this.#order.length;
    while (first > 0 && (this.#order[first - 1] as Position).moment > mark) first -= 1;
    if (first === this.#order.length) return;

    const tail = this.#order.splice(first);
    for (const subject of new Set(tail.map((position) => position.subject.deref()))) {
      const entries = subject && this.#entries?.get(subject);
      if (entries) this.#entries?.set(subject, choose(entries, subject));
    }
    for (const position of tail) if (this.#stands(position)) this.#order.push(position);
  }

  #stands({ subject, moment }: Position): boolean {
    const alive = subject.deref();
    const entries = alive && this.#entries?.get(alive);
    return entries?.some((entry) => entry.moment === moment) ?? false;
  }

  #tidy(): void {
    this.#order = this.#order.filter((position) => this.#stands(position));
    this.#tidyAt = Math.max(FEW, 2 * this.#order.length);
  }
}

/** Whether whatever undoes an entry undoes the one before it as well, so that this one is enough. */
function isCoveredBy({ by: { level } }: Entry<Changing>, before: Entry<Changing>): boolean {
  return isWithin(before.by.level, level.parent ?? level);
}
