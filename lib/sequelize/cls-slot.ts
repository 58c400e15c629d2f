import type { Sequelize, Transaction } from 'sequelize';
import { ifItFails } from '../base/index.js';
import type { ApplicationContext, Block } from '../blocks/index.js';
import { blockOf, transactionOf } from './transaction-class.js';

/** The part of a `cls-hooked` namespace that Sequelize asks for, and that applications give to `Sequelize.useCLS`. */
interface Namespace {
  get(key: 'transaction'): Transaction | null | undefined;
  set(key: 'transaction', value: Transaction | null): unknown;
  run(body: () => void): unknown;
}

/** Sequelize's class with the static slot in which `useCLS` keeps the namespace. */
interface SequelizeClass {
  readonly _cls?: Namespace | undefined;
}

/** The class of `sequelize` as it was before `giveNamespace`: what `useCLS` was, or will be, called on. */
function classOf(sequelize: Sequelize): SequelizeClass & (abstract new () => Sequelize) {
  return Object.getPrototypeOf(sequelize).constructor;
}

/** Whether the application gave a namespace to `Sequelize.useCLS`. */
export function hasApplicationNamespace(sequelize: Sequelize): boolean {
  return classOf(sequelize)._cls !== undefined;
}

/** Puts a transaction into the application's namespace, as Sequelize does when it has begun one. */
export function tellNamespace(sequelize: Sequelize, transaction: Transaction): void {
  classOf(sequelize)._cls?.set('transaction', transaction);
}

/** The namespace that the application gave to `Sequelize.useCLS`, whenever it did, if it did. */
export class ApplicationNamespace implements ApplicationContext {
  readonly #sequelize: Sequelize;
  readonly #isOurs: (block: Block) => boolean;

  /** @param isOurs - whether a block is one of the database that asks. */
  constructor(sequelize: Sequelize, isOurs: (block: Block) => boolean) {
    this.#sequelize = sequelize;
    this.#isOurs = isOurs;
  }

  isOccupied(): boolean {
    return this.#transaction !== undefined;
  }

  current(): Block | undefined {
    const transaction = this.#transaction;
    const block = transaction && blockOf(transaction);
    return block && this.#isOurs(block) ? block : undefined;
  }

  run<Result>(block: Block | undefined, body: () => Result): Result {
    const namespace = classOf(this.#sequelize)._cls;
    if (!namespace) return body();

    // The namespace's run() returns its context, not what the function returned.
    let result: { readonly value: Result } | undefined;
    namespace.run(() => {
      namespace.set('transaction', block ? transactionOf(block) : null);
      result = { value: body() };
    });
    return (result as { readonly value: Result }).value;
  }

  get #transaction(): Transaction | undefined {
    return classOf(this.#sequelize)._cls?.get('transaction') ?? undefined;
  }
}

/**
 * Makes Sequelize's models ask `current` for the transaction to join, for this one instance.
 *
 * Sequelize 6 keeps its namespace in one static slot for every instance, so that a query of one
 * database runs on the connection of another. Its models read the slot through
 * `sequelize.constructor`: an instance with a constructor of its own has a namespace of its own.
 *
 * @returns the undo.
 */
export function giveNamespace(
  sequelize: Sequelize,
  current: () => Transaction | undefined,
): () => void {
  const original = classOf(sequelize);
  const namespace = {
    get: current,
    set: (key: 'transaction', value: Transaction | null) => original._cls?.set(key, value),
  };
  // A stand-in for the class in all but this: what is made of it, or extends it, has no such namespace.
  const standIn: typeof original = new Proxy(original, {
    get: (target, key, receiver) =>
      key === '_cls' && receiver === standIn ? namespace : Reflect.get(target, key),
    construct: (target, parameters, made): Sequelize =>
      Reflect.construct(target as never, parameters, made === standIn ? target : made),
  });
  Object.defineProperty(sequelize, 'constructor', {
    value: standIn,
    configurable: true,
    writable: true,
  });
  const undo = () => {
    Reflect.deleteProperty(sequelize, 'constructor');
  };
  ifItFails(undo);
  return undo;
}
