import type { Entry } from '../support/ledger.js';
import type { BlockKind } from './program.js';

/** One run of a block, and what is known of it from the outside. */
export interface Scope {
  /** The block around it in the same transaction. */
  readonly parent: Scope | undefined;
  /** `none` is what runs outside of any transaction, each statement by itself. */
  readonly kind: BlockKind | 'none';
  outcome: 'running' | 'resolved' | 'rejected' | 'ended by its parent';
  /** What its promise rejected with. */
  error: unknown;
  /** What its function threw. */
  thrown: { readonly error: unknown } | undefined;
  /** Whether `setRollback(true)` undoes it: not known when something else was wrong already. */
  requested: boolean | 'perhaps';
}

/** A save of an instance. */
export interface Deed {
  readonly scope: Scope;
  /** The innermost block, where the save names the transaction of one around it. */
  readonly within: Scope;
  readonly entry: Entry;
  readonly name: string;
  readonly note: string;
  readonly began: number;
  ended: number;
  outcome: 'running' | 'resolved' | 'rejected';
}

/** A call of `onCommit()` or `afterCommit()` that did not throw. */
export interface Registration {
  readonly scope: Scope;
  readonly name: string;
  readonly at: number;
  readonly robust: boolean;
  /** Whether it is called at once, because there is no transaction. */
  threw: boolean;
}

/** A rollback to a savepoint that was set by hand, each with the times when it began and had ended. */
export interface Undoing {
  readonly scope: Scope;
  readonly set: readonly [number, number];
  readonly rolledBack: readonly [number, number];
}

/** All that was seen of one run of a program. */
export interface Witness {
  readonly scopes: Scope[];
  readonly deeds: Deed[];
  readonly registrations: Registration[];
  readonly undoings: Undoing[];
  /** The names of the callbacks that were called, in order. */
  readonly called: string[];
  /** For the errors of callbacks, the transaction: it rejects with them although its work is stored. */
  readonly callbackErrors: Map<unknown, Scope>;
  /** What was wrong at once. */
  readonly complaints: string[];
}

export function newWitness(): Witness {
  return {
    scopes: [],
    deeds: [],
    registrations: [],
    undoings: [],
    called: [],
    callbackErrors: new Map(),
    complaints: [],
  };
}

/** A scope and all around it, the innermost first. */
export function* levelsOf(scope: Scope): Generator<Scope> {
  for (let level: Scope | undefined = scope; level; level = level.parent) yield level;
}

export function rootOf(scope: Scope): Scope {
  return scope.parent ? rootOf(scope.parent) : scope;
}
