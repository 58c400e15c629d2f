import type { Model, ModelStatic } from 'sequelize';
import { replaceMethod } from './replace-method.js';

type Build = (this: ModelStatic<Model>, ...parameters: unknown[]) => Model | Model[];

/** Who is told of the instances that are being built. */
let watcher: ((instance: Model) => void) | undefined;

/** Has `watchBuilding` hear of the instances of `model`. Returns the undo. */
export function announceBuilding(model: ModelStatic<Model>): () => void {
  return replaceMethod(
    model as unknown as { readonly build: Build },
    'build',
    (original): Build =>
      function (...parameters) {
        const built = original.apply(this, parameters);
        if (watcher && !Array.isArray(built)) watcher(built);
        return built;
      },
  );
}

/**
 * Tells `built` of each instance that `call` builds before it waits for anything. There is no other
 * way to those that `bulkCreate` and `upsert` build of plain values, as they were before the call
 * changed them.
 */
export function watchBuilding<Result>(
  built: (instance: Model) => void,
  call: () => Result,
): Result {
  const outer = watcher;
  watcher = built;
  try {
    return call();
  } finally {
    watcher = outer;
  }
}
