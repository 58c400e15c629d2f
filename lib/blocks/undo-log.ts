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

interface Entry extends Change {
  readonly number: number;
  readonly level: Scope;
  memento: Memento<object>;
  undone: boolean;
}

/** An entry in the order of all of them. */
interface Position {
  readonly number: number;
  readonly subject: WeakRef<object>;
}

/** Fewer positions than this need no tidying. */
const FEW = 1000;

/**
 * What the work of one transaction changes in memory, so that it can be put back together with the
 * rows. As with callbacks, what a savepoint's rollback undoes came after it. Nothing is kept alive
 * by it: a long transaction may make many rows whose instances nobody holds.
 */
export class UndoLog {
  #entries: WeakMap<object, readonly Entry[]> | undefined;
  #order: Position[] = [];
  #tidyAt = FEW;
  #last = 0;
  /** Where the levels that can be undone by themselves begin. */
  readonly #marks: number[] = [];

  /** Begins a level that can be undone by itself. Returns the mark of its beginning. */
  open(): number {
    this.#marks.push(this.#last);
    return this.#last;
  }

  /** Ends the level that began at `mark`: what changed in it is undone with what is around it. */
  close(mark: number): void {
    const index = this.#marks.lastIndexOf(mark);
    if (index >= 0) this.#marks.splice(index, 1);
    const enclosing = this.#marks.at(-1) ?? 0;
    this.#revise(mark, (entries) =>
      entries.filter((entry, at) => {
        const before = entries[at - 1];
        const isCovered = before && before.number > enclosing && isCoveredBy(entry, before);
        return entry.number <= mark || !isCovered;
      }),
    );
  }

  /**
   * Notes that `subject` is about to change in a block of `level`. How it is has to be taken before
   * the first change at that level alone.
   */
  note(subject: object, level: Scope, take: () => Memento<object>): Change {
    this.#entries ??= new WeakMap();
    const entries = this.#entries.get(subject) ?? [];
    const known = entries.at(-1);
    if (known && known.number > (this.#marks.at(-1) ?? 0) && isWithin(known.level, level)) {
      return known;
    }
    this.#last += 1;
    const entry = { memento: take(), level, number: this.#last, undone: false };
    this.#entries.set(subject, [...entries, entry]);
    this.#order.push({ subject: new WeakRef(subject), number: entry.number });
    if (this.#order.length >= this.#tidyAt) this.#tidy();
    return entry;
  }

  /** Puts back what changed after `mark`: in `level` and the levels inside it, or anywhere. */
  undoSince(mark: number, level?: Scope): void {
    this.#revise(mark, (entries, subject) => {
      const isUndone = (entry: Entry) =>
        entry.number > mark && (!level || isWithin(entry.level, level));
      const [first, ...others] = entries.filter(isUndone);
      if (!first) return entries;

      for (const entry of [first, ...others]) entry.undone = true;
      first.memento.putBack(subject);
      const left = entries.filter((entry) => !entry.undone);
      // A block around this one that changed it meanwhile took what this one had made of it.
      for (const entry of left) if (entry.number > first.number) entry.memento = first.memento;
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
    choose: (entries: readonly Entry[], subject: object) => readonly Entry[],
  ): void {
    let first = this.#order.length;
    while (first > 0 && (this.#order[first - 1] as Position).number > mark) first -= 1;
    if (first === this.#order.length) return;

    const tail = this.#order.splice(first);
    for (const subject of new Set(tail.map((position) => position.subject.deref()))) {
      const entries = subject && this.#entries?.get(subject);
      if (entries) this.#entries?.set(subject, choose(entries, subject));
    }
    for (const position of tail) if (this.#stands(position)) this.#order.push(position);
  }

  #stands({ subject, number }: Position): boolean {
    const alive = subject.deref();
    const entries = alive && this.#entries?.get(alive);
    return entries?.some((entry) => entry.number === number) ?? false;
  }

  #tidy(): void {
    this.#order = this.#order.filter((position) => this.#stands(position));
    this.#tidyAt = Math.max(FEW, 2 * this.#order.length);
  }
}

/** Whether whatever undoes an entry undoes the one before it as well, so that this one is enough. */
function isCoveredBy({ level }: Entry, before: Entry): boolean {
  return isWithin(before.level, level.parent ?? level);
}
