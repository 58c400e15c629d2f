import type { Database } from '../sequelize/index.js';
import type { Family } from './family.js';
import { classPrepared } from './model-signals.js';

/** Sends `classPrepared`. */
export function definitionFamily(database: Database): Family {
  return {
    modelDefined: (model) => {
      classPrepared.sendSync(model, { using: database.alias });
    },
  };
}
