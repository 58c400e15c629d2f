import type { Transaction } from 'sequelize';
import { checkOptions, type OptionRules } from '../base/index.js';
import {
  type Block,
  commitSavepoint,
  requiredError,
  rollbackSavepoint,
  setSavepoint,
} from '../blocks/index.js';
import { type Database, transactionOf } from '../sequelize/index.js';
import type { ConnectOptions, Receiver, Signal } from '../signals/index.js';
import { assertFunction } from './assert-function.js';
import { type Atomic, makeAtomic } from './atomic.js';
import { type Defer, makeDefer } from './defer.js';
import { makeOnCommit, type OnCommit } from './on-commit.js';
import { databaseFor, databases, USING, type Using } from './registry.js';
import {
  obtainSignals,
  type PostCommit,
  type PostRollback,
  type TransactionSignals,
} from './transaction-signals.js';

/** Names the database that a call is about. */
export interface UsingOptions {
  /** The database: its alias, or the Sequelize instance. @defaultValue 'default' */
  readonly using?: Using | undefined;
}

/** A signal of the current transaction: what is connected inside a transaction is gone after it. */
export interface CurrentTransactionSignal<Payload extends object> {
  /** Connects `receiver` for the rest of the current transaction. Returns the undo. */
  connect(
    receiver: Receiver<Payload, string>,
    options?: ConnectOptions<string> & UsingOptions,
  ): ReturnType<Signal<Payload>['connect']>;
  /** Disconnects `receiver`; true when it was connected. */
  disconnect(receiver: Receiver<Payload, string>, options?: UsingOptions): boolean;
  /** Whether the current transaction has a receiver. */
  hasListeners(options?: UsingOptions): boolean;
}

/** The current transaction, and what can be done with it: Django's `transaction` module. */
export interface TransactionNamespace {
  readonly atomic: Atomic;
  readonly onCommit: OnCommit;
  readonly defer: Defer;
  /**
   * Runs `body` out of any transaction, for work that is meant to outlive the block or must not
   * be rolled back with it. With `using`, out of the transaction of that database only.
   */
  outside<Result>(body: () => Result, options?: UsingOptions): Result;
  /** Sequelize's transaction of the current block; undefined outside of a block. */
  current(options?: UsingOptions): Transaction | undefined;
  /** Whether the caller is inside an open block. */
  inAtomicBlock(options?: UsingOptions): boolean;
  /**
   * `true` makes the innermost block with a savepoint, or the transaction, roll back without an
   * error. `false` takes that back, and also lets a block go on that an error broke: do that only
   * after restoring a good state by hand.
   *
   * @throws {@link TransactionManagementError} outside of a block.
   */
  setRollback(value: boolean, options?: UsingOptions): void;
  /**
   * Whether the current block is going to be rolled back.
   *
   * @throws {@link TransactionManagementError} outside of a block.
   */
  getRollback(options?: UsingOptions): boolean;
  /** Sets a savepoint by hand and resolves to its id; outside of a block to undefined. */
  savepoint(options?: UsingOptions): Promise<string | undefined>;
  /** Forgets a savepoint and keeps what came after it. Does nothing outside of a block. */
  savepointCommit(sid: string | undefined, options?: UsingOptions): Promise<void>;
  /**
   * Undoes what came after a savepoint, `onCommit` callbacks included, and makes a block sound
   * again that an error broke meanwhile. Does nothing outside of a block.
   */
  savepointRollback(sid: string | undefined, options?: UsingOptions): Promise<void>;
  /** The signals of the current transaction alone; their receivers are dropped when it ends. */
  readonly signals: {
    readonly postCommit: CurrentTransactionSignal<PostCommit>;
    readonly postRollback: CurrentTransactionSignal<PostRollback>;
  };
}

export const atomic: Atomic = makeAtomic(({ using }) => databaseFor(using));
export const onCommit: OnCommit = makeOnCommit(({ using }) => databaseFor(using));
export const defer: Defer = makeDefer(() => databaseFor(), atomic);

const RULES: OptionRules = { using: USING };

function databaseOf(call: string, options: UsingOptions | undefined): Database {
  if (options !== undefined) checkOptions(call, options, RULES);
  return databaseFor(options?.using);
}

function currentBlock(call: string, options: UsingOptions | undefined): Block | undefined {
  return databaseOf(call, options).blocks.current();
}

function requiredBlock(call: string, options: UsingOptions | undefined): Block {
  const block = currentBlock(call, options);
  if (!block) throw requiredError(call);
  block.assertOpen();
  return block;
}

/** One signal of the transaction that is current when its methods are called. */
function currentSignal<Payload extends object>(
  name: string,
  pick: (signals: TransactionSignals) => Signal<Payload>,
): CurrentTransactionSignal<Payload> {
  const signalFor = (method: string, options: UsingOptions | undefined) => {
    const call = `transaction.signals.${name}.${method}()`;
    return pick(obtainSignals(requiredBlock(call, options).root));
  };
  return {
    connect: (receiver, { using, ...options } = {}) =>
      signalFor('connect', { using }).connect(receiver, options),
    disconnect: (receiver, options) => signalFor('disconnect', options).disconnect(receiver),
    hasListeners: (options) => signalFor('hasListeners', options).hasListeners(),
  };
}

/** {@inheritDoc TransactionNamespace} */
export const transaction: TransactionNamespace = {
  atomic,
  onCommit,
  defer,

  outside(body, options) {
    assertFunction(body, 'transaction.outside');
    if (options !== undefined) checkOptions('transaction.outside()', options, RULES);
    if (options?.using !== undefined) return databaseFor(options.using).blocks.outside(body);

    let run = body;
    for (const { blocks } of databases()) {
      const inner = run;
      run = () => blocks.outside(inner);
    }
    return run();
  },

  current(options) {
    const block = currentBlock('transaction.current()', options);
    return block?.open ? transactionOf(block) : undefined;
  },

  inAtomicBlock(options) {
    return currentBlock('transaction.inAtomicBlock()', options)?.open ?? false;
  },

  setRollback(value, options) {
    requiredBlock('transaction.setRollback()', options).setRollback(value);
  },

  getRollback(options) {
    const { root } = requiredBlock('transaction.getRollback()', options);
    return root.failures.current !== undefined;
  },

  async savepoint(options) {
    const block = currentBlock('transaction.savepoint()', options);
    return block && setSavepoint(block);
  },

  async savepointCommit(sid, options) {
    const block = currentBlock('transaction.savepointCommit()', options);
    if (block) await commitSavepoint(block, sid);
  },

  async savepointRollback(sid, options) {
    const block = currentBlock('transaction.savepointRollback()', options);
    if (block) await rollbackSavepoint(block, sid);
  },

  signals: {
    postCommit: currentSignal('postCommit', ({ postCommit }) => postCommit),
    postRollback: currentSignal('postRollback', ({ postRollback }) => postRollback),
  },
};
