import type { Verdict } from './arena.js';
import type { Program } from './program.js';

/** What a campaign has seen, in numbers: a program that does nothing proves nothing. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(program: Program, { witness, faults, ...judged }: Verdict): void {
    this.#count(program.inTest ? 'programs in the transaction of a test' : 'programs');
    for (const fault of faults) this.#count(`fault: ${fault}`);
    for (const { kind, parent, outcome } of witness.scopes) {
      if (kind !== 'none')
        this.#count(`block: ${kind}${parent ? ' inside another' : ''} ${outcome}`);
    }
    for (const { requested } of witness.scopes) {
      if (requested === true) this.#count('block: undone by setRollback(true)');
    }
    this.#count('entry: kept', judged.kept);
    this.#count('entry: undone', judged.undone);
    this.#count('entry: nobody can know', judged.unknown);
    this.#count('COMMIT: answer lost, and stored', judged.ambiguous);
    this.#count('savepoint by hand: rolled back', witness.undoings.length);
    this.#count('callback: called', witness.called.length);
    this.#count('callback: dropped', witness.registrations.length - witness.called.length);
  }

  /** A line for each kind. */
  get lines(): string[] {
    const kinds = [...this.#counts].filter(([, count]) => count > 0).sort();
    return kinds.map(([kind, count]) => `${String(count).padStart(9)}  ${kind}`);
  }

  #count(kind: string, times = 1): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + times);
  }
}
