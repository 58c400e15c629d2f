import type { Sequelize, Transaction } from 'sequelize';

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

/** The transaction in the namespace that the application gave to `Sequelize.useCLS`, if it gave one. */
export function applicationTransaction(sequelize: Sequelize): Transaction | undefined {
  return classOf(sequelize)._cls?.get('transaction') ?? undefined;
}

/** Runs `body` with `transaction` as the current one of the application's namespace, if it gave one. */
export function runWithApplicationTransaction<Result>(
  sequelize: Sequelize,
  transaction: Transaction | undefined,
  body: () => Result,
): Result {
  const namespace = classOf(sequelize)._cls;
  if (!namespace) return body();

  // The namespace's run() returns its context, not what the function returned.
  let result: { readonly value: Result } | undefined;
  namespace.run(() => {
    namespace.set('transaction', transaction ?? null);
    result = { value: body() };
  });
  return (result as { readonly value: Result }).value;
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
  const OwnSequelize = (...parameters: unknown[]): object =>
    Reflect.construct(original as unknown as new () => object, parameters);
  Object.setPrototypeOf(OwnSequelize, original);
  Object.defineProperties(OwnSequelize, {
    name: { value: original.name },
    prototype: { value: original.prototype },
    _cls: { value: namespace },
  });
  Object.defineProperty(sequelize, 'constructor', {
    value: OwnSequelize,
    configurable: true,
    writable: true,
  });
  return () => {
    Reflect.deleteProperty(sequelize, 'constructor');
  };
}
