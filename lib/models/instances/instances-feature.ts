import type { Model, ModelStatic } from 'sequelize';
import { announceBuilding, type Database, replaceMethod } from '../../sequelize/index.js';
import type { ModelFeature } from '../feature.js';
import { withRollback, withRollbackOfBuilt } from './rollback.js';

type Restore = (this: Model, ...parameters: [options?: object]) => Promise<void>;
type Increment = (
  this: Model,
  ...parameters: [fields: unknown, options?: object]
) => Promise<Model>;
type Upsert = (
  this: ModelStatic<Model>,
  ...parameters: [values: object, options?: object]
) => Promise<unknown>;

/**
 * Has instances roll back with their rows, where they are written by methods that no other feature
 * replaces: those take `withRollback` to Sequelize's own method themselves.
 */
export function instancesFeature(database: Database): ModelFeature {
  return {
    replaceMethods: (model) => [
      announceBuilding(model),
      replaceMethod(model.prototype as object as { restore: Restore }, 'restore', (original) =>
        withRollback(database, original, (options) => options),
      ),
      replaceMethod(
        model.prototype as object as { increment: Increment },
        'increment',
        (original) => withRollback(database, original, (_fields, options) => options),
      ),
      replaceMethod(model as object as { upsert: Upsert }, 'upsert', (original) =>
        withRollbackOfBuilt(database, original, (_values, options) => options),
      ),
    ],
  };
}
