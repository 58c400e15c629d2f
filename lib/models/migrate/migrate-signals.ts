import { Signal } from '../../signals/index.js';

/** What receivers of `preMigrate` and `postMigrate` get. */
export interface Migrate {
  /** The alias of the database. */
  readonly using: string;
  /**
   * The migrations in their order: before, those that are going to run, and after, those that
   * did; `null` for `sequelize.sync()`, which has none.
   */
  readonly plan: readonly MigrationStep[] | null;
}

/** One migration of a plan. */
export interface MigrationStep {
  readonly name: string;
  /** Whether it is undone. */
  readonly backwards: boolean;
}

/**
 * Sent before `sequelize.sync()`, and before a run of an Umzug that `connectUmzug` connected, with
 * the alias as sender; also when there is nothing to do.
 */
export const preMigrate: Signal<Migrate> = new Signal({ name: 'preMigrate' });

/** Sent after `sequelize.sync()` or a run of Umzug, unless it failed. */
export const postMigrate: Signal<Migrate> = new Signal({ name: 'postMigrate' });
