import type { Sequelize, SyncOptions } from 'sequelize';
import { type Database, replaceMethod } from '../../sequelize/index.js';
import type { ModelFeature } from '../feature.js';
import { type MigrationStep, postMigrate, preMigrate } from './migrate-signals.js';

type Sync = (this: Sequelize, ...parameters: [options?: SyncOptions]) => Promise<Sequelize>;

/** Sends `preMigrate` and `postMigrate` around `sequelize.sync()`. */
export function migrateFeature(database: Database): ModelFeature {
  // The hook afterBulkSync does not run for models that refer to each other.
  const undo = replaceMethod(
    database.sequelize as { readonly sync: Sync },
    'sync',
    (original): Sync =>
      async function (...parameters) {
        if (parameters[0]?.hooks === false) return original.apply(this, parameters);

        await sendMigrate(database, preMigrate, null);
        const result = await original.apply(this, parameters);
        await sendMigrate(database, postMigrate, null);
        return result;
      },
  );
  return { undo };
}

/** Sends `preMigrate` or `postMigrate`, which have the alias as sender. */
export async function sendMigrate(
  database: Database,
  signal: typeof preMigrate,
  plan: readonly MigrationStep[] | null,
): Promise<void> {
  await signal.send(database.alias, { plan, using: database.alias });
}
