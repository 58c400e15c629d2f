import type { FindOrCreateOptions, Model, ModelStatic } from 'sequelize';
import { type Database, GIVEN_BACK, replaceMethod } from '../../sequelize/index.js';
import { inSavepoint } from '../../transactions/index.js';
import type { ModelFeature } from '../feature.js';

type FindOrCreate = (
  this: ModelStatic<Model>,
  ...parameters: [options: FindOrCreateOptions]
) => Promise<[Model, boolean]>;

/**
 * Has `findOrCreate` run in a block: what it wrote is undone when it fails (D-130), a lost race
 * leaves the block around it sound (D-131), and its savepoint ends. Sequelize's own commits its
 * transaction after an error too.
 */
export function findOrCreateFeature(database: Database): ModelFeature {
  return {
    replaceMethods: (model) => [
      replaceMethod(model, 'findOrCreate', (original: FindOrCreate) =>
        findOrCreateInSavepoint(database, original),
      ),
    ],
  };
}

function findOrCreateInSavepoint(database: Database, findOrCreate: FindOrCreate): FindOrCreate {
  return async function (...parameters) {
    const [options] = parameters;
    if (parameters.length > 1 || !options?.where) return findOrCreate.apply(this, parameters);

    const isNested = database.blockForCall(options.transaction) !== undefined;
    try {
      return await inSavepoint(database, options.transaction, (transaction) =>
        findOrCreate.call(this, {
          ...options,
          transaction,
          [GIVEN_BACK]: transaction,
        } as typeof options),
      );
    } catch (error) {
      if (isNested || !isUniqueViolation(error)) throw error;
      return [await winnerOf(this, options, error), false];
    }
  };
}

/** What won the race: a transaction that reads a snapshot sees it only after its own end. */
async function winnerOf(
  model: ModelStatic<Model>,
  options: FindOrCreateOptions,
  lost: unknown,
): Promise<Model> {
  const winner = await model.findOne({ ...options, transaction: null });
  if (winner === null) throw lost;
  return winner;
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && error.name === 'SequelizeUniqueConstraintError';
}
