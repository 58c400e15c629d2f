import type { Model } from 'sequelize';
import { announceBuilding, type Database, modelOf, replaceMethod } from '../../sequelize/index.js';
import { postBulkUpdate, preBulkUpdate } from '../bulk-update/bulk-update-signals.js';
import type { ModelFeature } from '../feature.js';
import { isAnyHeard } from '../listening.js';
import { assertKey } from './assert-key.js';
import { withRollback } from './rollback.js';

type Restore = (this: Model, ...parameters: [options?: object]) => Promise<void>;
type Increment = (
  this: Model,
  ...parameters: [fields: unknown, options?: { readonly hooks?: boolean }]
) => Promise<Model>;

const SIGNALS = [preBulkUpdate, postBulkUpdate];

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
        (original) =>
          incrementWithKey(withRollback(database, original, (_fields, options) => options)),
      ),
    ],
  };
}

/** Has an instance without a key refused before the signals of the call for many that Sequelize makes. */
function incrementWithKey(increment: Increment): Increment {
  async function incrementRow(instance: Model, parameters: Parameters<Increment>): Promise<Model> {
    assertKey(instance, 'incremented');
    return increment.apply(instance, parameters);
  }

  return function (...parameters) {
    const [, options] = parameters;
    const isWatched = options?.hooks !== false && isAnyHeard(modelOf(this), SIGNALS);
    return isWatched ? incrementRow(this, parameters) : increment.apply(this, parameters);
  };
}
