import type { Database } from '../../sequelize/index.js';
import type { ModelFeature } from '../feature.js';
import { classPrepared } from './definition-signals.js';

/** Sends `classPrepared`. */
export function definitionFeature(database: Database): ModelFeature {
  return {
    modelDefined: (model) => {
      classPrepared.sendSync(model, { using: database.alias });
    },
  };
}
