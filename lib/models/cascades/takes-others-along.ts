import type { InstanceDestroyOptions, Model, ModelStatic } from 'sequelize';
import type { Database } from '../../sequelize/index.js';
import { isSoft } from '../delete/deletion-options.js';
import { DeletionGraph } from './deletion-graph.js';

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
