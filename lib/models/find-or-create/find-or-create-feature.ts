import type {
  FindOptions,
  FindOrCreateOptions,
  Model,
  ModelStatic,
  Sequelize,
  TransactionOptions,
} from 'sequelize';
import {
  type Database,
  expectingViolation,
  GIVEN_BACK,
  isUniqueViolation,
  locksSeeLatest,
  replaceMethod,
} from '../../sequelize/index.js';
import { inSavepoint } from '../../transactions/index.js';
import type { ModelFeature } from '../feature.js';
import { type InRace, RACE, Race } from './race.js';

/** The options of a call: Sequelize hands them to its transaction as well. */
type Options = FindOrCreateOptions & TransactionOptions & InRace & { readonly retry?: unknown };

type FindOrCreate = (
  this: ModelStatic<Model>,
  ...parameters: [options: Options]
) => Promise<[Model, boolean]>;

/**
 * Has `findOrCreate` run in a block: what it wrote is undone when it fails (D-130), a lost race
 * leaves the block around it sound (D-131), and its savepoint ends. Sequelize's own commits its
 * transaction after an error too. Neither it nor `findCreateFind` takes the error of a receiver for
 * a lost race.
 */
export function findOrCreateFeature(database: Database): ModelFeature {
  return {
    replaceMethods: (model) => [
      replaceMethod(model as { readonly findOrCreate: FindOrCreate }, 'findOrCreate', (original) =>
        findOrCreateInSavepoint(database, original),
      ),
      replaceMethod(
        model as { readonly findCreateFind: FindOrCreate },
        'findCreateFind',
        (original) => findCreateFindInRace(database, original),
      ),
    ],
  };
}

function findOrCreateInSavepoint(database: Database, findOrCreate: FindOrCreate): FindOrCreate {
  return async function (...parameters) {
    const [options] = parameters;
    if (parameters.length > 1 || !options?.where) return findOrCreate.apply(this, parameters);

    const isNested = database.blockForCall(options.transaction) !== undefined;
    const race = new Race();
    try {
      return await inSavepoint(database, options.transaction, ofTransaction(options), (inside) =>
        inRace(race, () =>
          findOrCreate.call(this, {
            ...options,
            transaction: inside,
            [GIVEN_BACK]: inside,
            [RACE]: race,
          } as typeof options),
        ),
      );
    } catch (error) {
      race.assertNotFailed();
      if (!isUniqueViolation(error)) throw error;
      const winner = await (isNested
        ? winnerInBlock(database.sequelize, this, options)
        : winnerOutside(this, options));
      if (winner === null) throw error;
      return [winner, false];
    }
  };
}

function findCreateFindInRace(database: Database, findCreateFind: FindOrCreate): FindOrCreate {
  return async function (...parameters) {
    const [options] = parameters;
    if (!options?.where) return findCreateFind.apply(this, parameters);

    const { sequelize } = database;
    const { transaction = database.joinedTransaction() } = options;
    const inside = { ...expectingViolation(sequelize, options), transaction };
    const race = new Race();
    const [row, created]: [Model | null, boolean] = await inRace(race, () =>
      findCreateFind.call(this, { ...inside, [RACE]: race } as typeof options),
    );
    // Sequelize resolves to null where it does not see the winner, or another row has the value.
    const found = row ?? (await winnerInBlock(sequelize, this, { ...options, transaction }));
    if (found === null) throw race.loss;
    return [found, created];
  };
}

/** Has `call` fail with what ended the creation in it: Sequelize goes by how the error looks. */
async function inRace<Result>(race: Race, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } finally {
    race.assertNotFailed();
  }
}
const OF_TRANSACTION = [
  'isolationLevel',
  'type',
  'deferrable',
  'logging',
  'benchmark',
  'retry',
] as const;

/** The options that are for the transaction of the call, if it has one of its own. */
function ofTransaction(options: Options): TransactionOptions {
  const given = OF_TRANSACTION.filter((name) => options[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, options[name]]));
}

/** What won the race: a transaction that reads a snapshot sees it only after its own end. */
function winnerOutside(model: ModelStatic<Model>, options: FindOptions): Promise<Model | null> {
  // A replica may not have it yet.
  return model.findOne({ ...options, transaction: null, useMaster: true } as FindOptions);
}

/** What won the race, where a snapshot that goes on can be looked behind. */
async function winnerInBlock(
  sequelize: Sequelize,
  model: ModelStatic<Model>,
  options: FindOptions,
): Promise<Model | null> {
  if (!(await locksSeeLatest(sequelize, options.transaction))) return null;
  return model.findOne({ ...options, lock: options.lock ?? 'SHARE' } as FindOptions);
}
