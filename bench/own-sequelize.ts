import { AsyncLocalStorage } from 'node:async_hooks';
import { sep } from 'node:path';
import type { Sequelize } from 'sequelize';

type SequelizeClass = typeof Sequelize;

/**
 * Loads a Sequelize that shares nothing with the others of the process: neither the one slot for
 * a context that the package has, nor what the compiler learned from other contenders.
 */
export function ownSequelize(): SequelizeClass {
  const folder = `${sep}node_modules${sep}sequelize${sep}`;
  for (const path of Object.keys(require.cache)) {
    if (path.includes(folder)) delete require.cache[path];
  }
  return require('sequelize').Sequelize;
}

/** The same, with an AsyncLocalStorage as its context: the best that Sequelize's users have. */
export function ownSequelizeWithContext(): SequelizeClass {
  const Own = ownSequelize();
  const storage = new AsyncLocalStorage<Map<string, unknown>>();
  Own.useCLS({
    get: (key: string) => storage.getStore()?.get(key),
    set: (key: string, value: unknown) => storage.getStore()?.set(key, value),
    bind: <Bound extends () => unknown>(bound: Bound) => AsyncLocalStorage.bind(bound),
    run: <Result>(body: () => Result) => storage.run(new Map(storage.getStore()), body),
  });
  return Own;
}
