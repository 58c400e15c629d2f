import type { Expected } from './program.js';
import {
  type Deed,
  levelsOf,
  type Registration,
  rootOf,
  type Scope,
  type Undoing,
  type Witness,
} from './witness.js';

/** What a run is compared with. */
export interface Evidence {
  /** What is stored: the note of each entry by its name. */
  readonly rows: ReadonlyMap<string, string | null>;
  /** How many times the answer to a COMMIT was lost: so many transactions may be stored and reject. */
  readonly lostCommits: number;
  /** Whether a connection was lost, so that it is not known what became of a single statement. */
  readonly lostConnections: boolean;
  /** What might go wrong. */
  readonly expected: Expected;
  /** Whether instances have to be again what they were before a block that was undone. */
  readonly instances: boolean;
}

/** What is wrong, and what is worth counting. */
export interface Judgement {
  readonly complaints: readonly string[];
  /** Transactions of which nobody could know that they are stored. */
  readonly ambiguous: number;
  readonly kept: number;
  readonly undone: number;
  readonly unknown: number;
}

/** Whether work must be there, must not be there, or may be. */
type Fate = 'kept' | 'gone' | 'unknown';

/** Compares what was promised with what is stored, with what was called back, and with the instances. */
export function judge(witness: Witness, evidence: Evidence): Judgement {
  return new Judge(witness, evidence).judge();
}

class Judge {
  readonly #witness: Witness;
  readonly #evidence: Evidence;
  readonly #complaints: string[];
  /** Transactions that rejected and are stored, because the answer to their COMMIT was lost. */
  #ambiguous: ReadonlySet<Scope> = new Set();

  constructor(witness: Witness, evidence: Evidence) {
    this.#witness = witness;
    this.#evidence = evidence;
    this.#complaints = [...witness.complaints];
  }

  judge(): Judgement {
    this.#findAmbiguous();
    const fates = this.#judgeEntries();
    this.#judgeCallbacks();
    this.#judgeErrors();
    if (this.#evidence.expected !== 'anything') this.#judgeFailures();
    const count = (wanted: Fate) => fates.filter((fate) => fate === wanted).length;
    return {
      complaints: this.#complaints,
      ambiguous: this.#ambiguous.size,
      kept: count('kept'),
      undone: count('gone'),
      unknown: count('unknown'),
    };
  }

  #findAmbiguous(): void {
    const { lostCommits, rows } = this.#evidence;
    if (lostCommits === 0) return;
    const rejected = this.#witness.scopes.filter((scope) => !this.#isOfCallback(scope));
    const suspects = new Set(rejected.filter(isSuspect));
    this.#ambiguous = suspects;
    const stored = this.#witness.deeds
      .filter((deed) => this.#fateOfDeed(deed) !== 'gone' && rows.has(deed.name))
      .map(({ scope }) => rootOf(scope));
    this.#ambiguous = new Set(stored.filter((root) => suspects.has(root)));
    if (this.#ambiguous.size > lostCommits) {
      this.#complain(`${this.#ambiguous.size} transactions rejected and are stored`);
    }
  }

  #judgeEntries(): Fate[] {
    const byName = groupBy(this.#witness.deeds, ({ name }) => name);
    return [...byName].map(([name, deeds]) => this.#judgeEntry(name, deeds));
  }

  #judgeEntry(name: string, deeds: readonly Deed[]): Fate {
    const fates = deeds.map((deed) => this.#fateOfDeed(deed));
    if (fates.includes('unknown')) return 'unknown';
    const note = this.#evidence.rows.get(name);
    const last = deeds.findLast((_, index) => fates[index] === 'kept');
    if (!last) {
      if (note !== undefined) this.#complain(`${name} is stored, though it was undone`);
    } else if (note === undefined) {
      this.#complain(`${name} is lost, though all promises around it resolved`);
    } else if (note !== last.note) {
      this.#complain(`${name} says ${note}, though ${last.note} was saved last`);
    }
    const isPromised = deeds.every(
      (deed, index) => fates[index] === 'kept' || isUndoneWithAtomic(deed),
    );
    if (this.#evidence.instances && isPromised) this.#judgeInstance(deeds);
    return last ? 'kept' : 'gone';
  }

  #judgeInstance(deeds: readonly Deed[]): void {
    const { entry, name } = deeds[0] as Deed;
    // Where nobody can know whether the row is stored, the instance does not either.
    if (deeds.some(({ scope }) => this.#ambiguous.has(rootOf(scope)))) return;
    const isStored = this.#evidence.rows.has(name);
    if (entry.isNewRecord === isStored) {
      this.#complain(`the instance ${name} says that it is ${isStored ? 'not ' : ''}stored`);
    }
    const isSure = deeds.every(({ outcome }) => outcome === 'resolved');
    const note = this.#evidence.rows.get(name);
    // What was set before a save that was undone is set still, and is going to be saved.
    if (isSure && isStored && entry.note !== note && !entry.changed('note')) {
      this.#complain(`the instance ${name} says ${entry.note}, and its row ${note}`);
    }
  }

  #fateOfDeed(deed: Deed): Fate {
    if (deed.outcome === 'running') return 'unknown';
    if (deed.outcome === 'rejected') {
      const mayBeStored = deed.scope.kind === 'none' && this.#evidence.lostConnections;
      return mayBeStored ? 'unknown' : 'gone';
    }
    const own = worst([
      this.#fateOfScope(deed.scope),
      this.#fateBesideSavepoints(deed.scope),
      ...this.#undoings(deed.scope).map((undoing) => fateOfDeedIn(undoing, deed)),
    ]);
    // It may belong to the block that it names, or to the one in which it was made.
    const isDivided = own === 'kept' && this.#fateOfScope(deed.within) !== 'kept';
    return isDivided ? 'unknown' : own;
  }

  #fateOfScope(scope: Scope): Fate {
    return worst([...levelsOf(scope)].map((level) => this.#fateOfLevel(level)));
  }

  #fateOfLevel(level: Scope): Fate {
    const { outcome, requested } = level;
    if (requested === true) return 'gone';
    if (outcome === 'rejected') return this.#isStoredAllTheSame(level) ? 'kept' : 'gone';
    return outcome === 'resolved' && requested === false ? 'kept' : 'unknown';
  }

  /**
   * A savepoint that is set by hand in a transaction of Sequelize is rolled back with what that wrote
   * meanwhile, as Sequelize has it; when that was, only the server knows.
   */
  #fateBesideSavepoints(scope: Scope): Fate {
    const levels = [...levelsOf(scope)];
    const isBeside = this.#witness.scopes.some(
      (other) =>
        other.kind === 'by hand' &&
        other.outcome === 'rejected' &&
        !levels.includes(other) &&
        [...levelsOf(other)].some((level) => isOfSequelize(level) && levels.includes(level)),
    );
    return isBeside ? 'unknown' : 'kept';
  }

  #isStoredAllTheSame(level: Scope): boolean {
    return this.#ambiguous.has(level) || this.#isOfCallback(level);
  }

  /** Whether a transaction rejected after its commit, because of one of its callbacks. */
  #isOfCallback(scope: Scope): boolean {
    return !scope.thrown && this.#witness.callbackErrors.get(scope.error) === scope;
  }

  #undoings(scope: Scope): Undoing[] {
    const root = rootOf(scope);
    return this.#witness.undoings.filter((undoing) => rootOf(undoing.scope) === root);
  }

  #judgeCallbacks(): void {
    const { registrations, called } = this.#witness;
    const byRoot = groupBy(
      registrations.toSorted((one, other) => one.at - other.at),
      ({ scope }) => rootOf(scope),
    );
    for (const [root, ofRoot] of byRoot) this.#judgeQueue(root, ofRoot);

    const known = new Set(registrations.map(({ name }) => name));
    for (const name of called) {
      if (!known.has(name)) this.#complain(`${name} was called, though onCommit() rejected`);
    }
  }

  /** Checks the callbacks of one transaction, which come in the order of registration. */
  #judgeQueue(root: Scope, registrations: readonly Registration[]): void {
    let isOver = false;
    for (const registration of registrations) {
      const { name, robust, threw } = registration;
      const fate = isOver ? 'gone' : this.#fateOfRegistration(registration);
      const times = this.#witness.called.filter((called) => called === name).length;
      if (fate === 'kept' && times === 0) this.#complain(`${name} was not called`);
      if (fate === 'gone' && times > 0) this.#complain(`${name} was called, though it was dropped`);
      if (times > 1) this.#complain(`${name} was called ${times} times`);
      isOver ||= threw && !robust && root.kind !== 'none';
    }
    const names = registrations.map(({ name }) => name);
    const called = this.#witness.called.filter((name) => names.includes(name));
    const ordered = names.filter((name) => called.includes(name));
    if (root.kind !== 'none' && called.join() !== ordered.join()) {
      this.#complain(`callbacks were called in the order ${called.join()}`);
    }
  }

  #fateOfRegistration({ scope, at }: Registration): Fate {
    if (this.#ambiguous.has(rootOf(scope))) return 'gone';
    return worst([
      this.#fateOfScope(scope),
      this.#fateBesideSavepoints(scope),
      ...this.#undoings(scope).map((undoing) => {
        const fate = fateIn(undoing, at, at);
        // A block inside may be older than the savepoint, and says by its own promise what became of it.
        return fate === 'gone' && scope !== undoing.scope ? 'unknown' : fate;
      }),
    ]);
  }

  /** The application gets its own errors as they were. */
  #judgeErrors(): void {
    for (const { thrown, outcome, error, kind } of this.#witness.scopes) {
      if (!thrown) continue;
      if (outcome === 'resolved')
        this.#complain(`a block (${kind}) resolved, whose function threw`);
      if (error !== undefined && error !== thrown.error) {
        this.#complain(`a block (${kind}) rejected with ${error} instead of ${thrown.error}`);
      }
    }
  }

  /** Nothing fails for nothing. */
  #judgeFailures(): void {
    for (const { outcome, thrown, error, kind } of this.#witness.scopes) {
      if (outcome === 'resolved' || thrown) continue;
      this.#complain(`a block (${kind}) failed for nothing: ${error}`);
    }
    for (const { name, outcome } of this.#witness.deeds) {
      if (outcome !== 'resolved') this.#complain(`the write of ${name} failed for nothing`);
    }
  }

  #complain(text: string): void {
    this.#complaints.push(text);
  }
}

/** Whether `atomic()` undid a save, and so has to undo what it did to the instance. */
function isUndoneWithAtomic({ scope, outcome }: Deed): boolean {
  if (outcome !== 'resolved') return false;
  return [...levelsOf(scope)].some(
    (level) =>
      level.kind === 'atomic' && (level.outcome === 'rejected' || level.requested === true),
  );
}

function isOfSequelize({ kind }: Scope): boolean {
  return kind === 'managed' || kind === 'by hand';
}

/** Whether a transaction may have lost the answer to its COMMIT. */
function isSuspect({ parent, kind, outcome, thrown, error }: Scope): boolean {
  const isOfDriver = error instanceof Error && 'parent' in error;
  return !parent && kind !== 'none' && outcome === 'rejected' && !thrown && isOfDriver;
}

function isIn(scope: Scope, ancestor: Scope): boolean {
  return [...levelsOf(scope)].includes(ancestor);
}

/** What a rollback to a savepoint means for something that began and ended at these times. */
function fateIn({ set, rolledBack }: Undoing, began: number, ended: number): Fate {
  if (ended < set[0] || began > rolledBack[1]) return 'kept';
  return began > set[1] && ended < rolledBack[0] ? 'gone' : 'unknown';
}

/** What others wrote meanwhile must not be lost in silence, as the block's own work is. */
function fateOfDeedIn(undoing: Undoing, { scope, within, began, ended }: Deed): Fate {
  const fate = fateIn(undoing, began, ended);
  if (fate === 'kept' || isIn(scope, undoing.scope)) return fate;
  return isIn(within, undoing.scope) ? 'unknown' : 'kept';
}

function worst(fates: readonly Fate[]): Fate {
  if (fates.includes('gone')) return 'gone';
  return fates.includes('unknown') ? 'unknown' : 'kept';
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}
