import type { Block } from './block.js';

/**
 * What stands for a block outside of the library: for Sequelize, its `Transaction`. Blocks hand it
 * on and never look into it.
 */
export type Handle = object;

/** What became of the work of a block. */
export type Outcome = 'kept' | 'undone';

/**
 * What blocks need to be able to do with their database. They know no more of it than this: the
 * floor above implements it.
 */
export interface Driver {
  /** Makes the handle of an outermost block. */
  makeHandle(block: Block, options: object): Handle;
  /** Makes the handle of a block with a savepoint of this name, inside the block of `parent`. */
  makeSavepointHandle(block: Block, options: object, parent: Handle, name: string): Handle;
  /** What the queries of a block that has begun name as their transaction. */
  queryHandleOf(handle: Handle): Handle;
  /** A name that no transaction shares with another, for the names of savepoints. */
  idOf(handle: Handle): string;
  /** Has `handle` be on the connection that `other` is on. */
  shareConnection(handle: Handle, other: Handle): void;
  /** Has `handle` tell what became of its block, to whoever asks Sequelize's own members. */
  noteOutcome(handle: Handle, outcome: Outcome): void;

  /** Sets a savepoint in the transaction of `root`, with the options of `level`, as those below. */
  setSavepoint(root: Handle, name: string, level?: Handle): Promise<unknown>;
  /** Forgets a savepoint and keeps what came after it. */
  releaseSavepoint(root: Handle, name: string, level?: Handle): Promise<unknown>;
  /** Undoes what came after a savepoint; the savepoint itself stays, until it is released. */
  rollbackToSavepoint(root: Handle, name: string, level?: Handle): Promise<unknown>;
  /** Forgets one savepoint and sets another one, in one round trip. Only where the driver `joins`. */
  replaceSavepoint(root: Handle, released: string, name: string): Promise<unknown>;
  /** Undoes what came after a savepoint and forgets it, in one round trip. Only where the driver `joins`. */
  dropSavepoint(root: Handle, name: string): Promise<unknown>;

  /**
   * Whether the server takes a statement of `level` together with one of `root`, and nobody wants to
   * see each by itself.
   */
  joins(root: Handle, level?: Handle): boolean;
  /** Whether the server is known to be in the transaction, and every statement of it to have gone well. */
  isKnownSound(root: Handle): boolean;

  /** Whether the server refused a statement because of an earlier one, whose error was caught. */
  isAborted(error: unknown): boolean;
  /** Whether a query may send another one while it is being sent, as hooks of the application do. */
  queriesNest(): boolean;
}
