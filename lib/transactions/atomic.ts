import { types } from 'node:util';
import type { Transaction } from 'sequelize';
import {
  DurableTransactionError,
  dressAs,
  givenName,
  InvalidArgumentError,
  isClass,
  rejecting,
} from '../base/index.js';
import { type Block, BlockName } from '../blocks/index.js';
import { type Database, transactionOf } from '../sequelize/index.js';
import {
  type AtomicOptions,
  assertAtomicOptions,
  assertNestable,
  transactionOptions,
} from './atomic-options.js';
import { retrying } from './retry.js';

/** The function given to `atomic`. It gets the transaction, which queries inside join by themselves. */
export type AtomicBody<Result> = (transaction: Transaction) => Result | PromiseLike<Result>;

// biome-ignore lint/suspicious/noExplicitAny: the constraint of a type parameter; callers see the inferred function.
type AnyFunction = (this: any, ...parameters: any[]) => any;

/**
 * A function that runs as an atomic block on each call, with the same `this` and arguments. It has
 * what the wrapped one has: name, length, properties, and metadata of `Reflect`.
 */
export type AtomicFunction<Wrapped extends AnyFunction> = ((
  this: ThisParameterType<Wrapped>,
  ...parameters: Parameters<Wrapped>
) => Promise<Awaited<ReturnType<Wrapped>>>) &
  Pick<Wrapped, keyof Wrapped>;

/** What `atomic()` and `atomic(options)` return: wraps a function, and decorates a method. */
export interface AtomicWrapper {
  /** Wraps a function, or decorates a method as TC39 has it. */
  <Wrapped extends AnyFunction>(
    wrapped: Wrapped,
    context?: ClassMethodDecoratorContext,
  ): AtomicFunction<Wrapped>;
  /** Decorates a method as TypeScript's `experimentalDecorators` have it. */
  (target: object, name: string | symbol, descriptor: PropertyDescriptor): PropertyDescriptor;
}

/**
 * Runs a function as one unit of work: all of it is stored, or nothing.
 *
 * The outermost block is a transaction, a block inside it a savepoint. Nothing is sent before the
 * first query, or the call of a model that is to send it. The promise resolves to what the function
 * returned, after the COMMIT and the `onCommit` callbacks; it rejects when nothing was stored, with
 * the function's own error or one that says why, and when a callback failed after the commit.
 *
 * Blocks that are started together inside one block run one after another. After a failed query
 * nothing more runs in a block; a nested block around what may fail keeps the outer one sound.
 *
 * @example
 * ```ts
 * import { atomic, onCommit } from 'sequelize-signals';
 *
 * declare function store(order: string): Promise<void>;
 * declare function mail(order: string): Promise<void>;
 *
 * await atomic(async () => {
 *   await store('first');
 *   await onCommit(() => mail('first'));
 * });
 *
 * const placeOrder = atomic({ durable: true })(store);
 * await placeOrder('second');
 *
 * class Shop {
 *   @atomic()
 *   async place(order: string) {
 *     await store(order);
 *   }
 * }
 * await new Shop().place('third');
 * ```
 * @throws {@link RolledBackError} when an error in the block was caught, and the block left normally.
 * @throws {@link DurableTransactionError} when `durable` is asked for inside another block.
 * @throws {@link TransactionManagementError} when the block around this one takes nothing more.
 * @throws {@link NotInstalledError} when `using` names no installed database.
 */
export interface Atomic {
  <Result>(body: AtomicBody<Result>): Promise<Result>;
  <Result>(options: AtomicOptions, body: AtomicBody<Result>): Promise<Result>;
  (options?: AtomicOptions): AtomicWrapper;
}

/** Makes `atomic` for the databases that `databaseOf` finds. */
export function makeAtomic(databaseOf: (options: AtomicOptions) => Database): Atomic {
  function atomic(...parameters: unknown[]): unknown {
    const [first, second] = parameters;
    if (typeof first === 'function') {
      assertNotDecorating(second);
      return run(databaseOf, {}, asBody(first));
    }
    const options = first ?? {};
    assertAtomicOptions(options);
    // A body that is there and undefined is a mistake of the caller, who waits for it to run.
    if (parameters.length < 2) return wrapper(databaseOf, options);
    return run(databaseOf, options, asBody(second));
  }
  return atomic as Atomic;
}

/** `@atomic` without parentheses would run the method when its class is defined. */
function assertNotDecorating(context: unknown): void {
  if (typeof context !== 'object' || context === null || !('kind' in context)) return;
  throw new InvalidArgumentError('atomic() decorates a method as @atomic(), with parentheses.');
}

/** A generator's body runs after the call that made it returned, so outside of the block (D-238). */
function asBody(body: unknown): AtomicBody<unknown> {
  if (typeof body !== 'function') throw new InvalidArgumentError('atomic() needs a function.');
  if (types.isGeneratorFunction(body)) {
    throw new InvalidArgumentError(
      'atomic() cannot run a generator: its body would run after the block. Call atomic() inside of it.',
    );
  }
  return body as AtomicBody<unknown>;
}

const run: typeof start = rejecting(start);

function start<Result>(
  databaseOf: (options: AtomicOptions) => Database,
  options: AtomicOptions,
  body: AtomicBody<Result>,
  functionName: string = givenName(body),
): Promise<Result> {
  const database = databaseOf(options);
  const parent = database.blockFor(options.transaction);
  const name = new BlockName('atomic block', functionName);
  if (parent) return runNested(database, parent, options, name, body);
  const open = () => openBlock(database, undefined, name, options);
  const runIn = (block: Block) => runBlock(block, options, body);
  return options.retry
    ? retrying(options.retry, database.blocks.pending, open, runIn)
    : runIn(open());
}

function runNested<Result>(
  database: Database,
  parent: Block,
  options: AtomicOptions,
  name: BlockName,
  body: AtomicBody<Result>,
): Promise<Result> {
  parent.assertTakesBlocks();
  if (options.durable) {
    throw new DurableTransactionError(
      `A durable block was started inside ${parent.label}, whose rollback would undo it. ` +
        'Start it outside of any block.',
    );
  }
  assertNestable(options);
  return parent.inTurn(name, () =>
    runBlock(openBlock(database, parent, name, options), options, body),
  );
}

function openBlock(
  database: Database,
  parent: Block | undefined,
  name: BlockName,
  options: AtomicOptions,
): Block {
  return database.blocks.openIn(parent, transactionOptions(options), {
    name,
    kind: 'atomic',
    endsByHand: false,
    savepoint: options.savepoint ?? true,
  });
}

function runBlock<Result>(
  block: Block,
  options: AtomicOptions,
  body: AtomicBody<Result>,
): Promise<Result> {
  const transaction = transactionOf(block);
  const beginsAtOnce = options.type !== undefined && options.type !== 'DEFERRED';
  return block.run(
    beginsAtOnce
      ? async () => {
          await block.begin();
          return body(transaction);
        }
      : () => body(transaction),
  );
}

function wrapper(
  databaseOf: (options: AtomicOptions) => Database,
  options: AtomicOptions,
): AtomicWrapper {
  function wrap(wrapped: unknown): unknown {
    const body = asBody(wrapped) as AnyFunction;
    if (isClass(body)) {
      throw new InvalidArgumentError(
        'atomic() wraps functions and methods, not classes. Decorate the methods of the class.',
      );
    }
    const name = givenName(body);
    // A method, which cannot be called with `new`: that would have to make a promise.
    const { atomicFunction } = {
      atomicFunction(this: unknown, ...parameters: unknown[]): Promise<unknown> {
        return run(databaseOf, options, () => Reflect.apply(body, this, parameters), name);
      },
    };
    return dressAs(atomicFunction, body);
  }

  function decorate(target: unknown, _name?: unknown, descriptor?: PropertyDescriptor): unknown {
    if (typeof target === 'function' && !descriptor) return wrap(target);
    return { ...descriptor, value: wrap(descriptor?.value) };
  }
  return decorate as AtomicWrapper;
}
