import type { Model, ModelStatic } from 'sequelize';
import { modelOf } from './models.js';
import { replaceMethod } from './replace-method.js';

/** What is told of the instances of a model as they are made. */
export interface InstanceWatcher {
  /** Whether it may want to know. Each row of each query asks, so this has to be cheap. */
  isNeeded(): boolean;
  /** An instance is about to be made. What is done to the values is in the instance. */
  making(model: ModelStatic<Model>, values: Record<string, unknown>): void;
  /** An instance has got its values. Field initialisers of its class have not run yet. */
  made(model: ModelStatic<Model>, instance: Model): void;
}

/** What Sequelize's constructor of a model calls, for `new`, `build()` and each row of a query. */
type InitValues = (this: Model, values: object, options: object) => void;

/** Tells of each instance of `model` that is made from now on. Returns the undo. */
export function watchInstances(
  { prototype }: ModelStatic<Model>,
  watcher: InstanceWatcher,
): () => void {
  return replaceMethod(
    prototype as unknown as { readonly _initValues: InitValues },
    '_initValues',
    (original): InitValues =>
      function (values, options) {
        if (!watcher.isNeeded()) return original.call(this, values, options);

        const model = modelOf(this);
        const own = { ...values };
        watcher.making(model, own);
        original.call(this, own, options);
        watcher.made(model, this);
      },
  );
}
