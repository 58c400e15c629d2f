import type { InstanceDestroyOptions, Model, ModelStatic } from 'sequelize';
import { type Database, modelItself, ownCascadesOf } from '../../sequelize/index.js';
import { postDelete, preDelete } from '../delete/delete-signals.js';
import { isSoft } from '../delete/deletion-options.js';
import { isAnyHeard } from '../listening.js';
import { DeletionGraph } from './deletion-graph.js';

const SIGNALS = [preDelete, postDelete];

/**
 * Whether a deletion of rows of a model has anything to do with those that depend on them. A soft
 * one has not: what refers to such rows goes on to do so.
 */
export function takesOthersAlong(
  { options: { cascades } }: Database,
  model: ModelStatic<Model>,
  options: InstanceDestroyOptions = {},
): boolean {
  if (cascades !== 'signals' || isSoft(model, options)) return false;
  return new DeletionGraph(model).concernsOthers(model);
}

/**
 * Whether a deletion that tells of each row has to tell of others as well: those of
 * `takesOthersAlong`, and without `cascades: 'signals'` what Sequelize deletes by itself.
 */
export function tellsOfOthers(
  database: Database,
  model: ModelStatic<Model>,
  options: InstanceDestroyOptions,
): boolean {
  if (database.options.cascades === 'signals') return takesOthersAlong(database, model, options);
  if (isSoft(model, options)) return false;
  const found = new Set(ownCascadesOf(model));
  // A set goes on to what is added to it on the way.
  for (const each of found) for (const other of ownCascadesOf(modelItself(each))) found.add(other);
  return [...found].some((each) => isAnyHeard(modelItself(each), SIGNALS));
}
