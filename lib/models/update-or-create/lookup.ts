import type {
  CreateOptions,
  FindOptions,
  Model,
  ModelStatic,
  Transaction,
  WhereOptions,
} from 'sequelize';
import { SignalsError } from '../../base/index.js';
import {
  columnsOf,
  type Database,
  dialectOf,
  lookupValues,
  mayLockLatest,
  modelItself,
  writeTimeOf,
} from '../../sequelize/index.js';
import { inSavepoint } from '../../transactions/index.js';
import { type InRace, RACE, Race } from '../find-or-create/race.js';

type Values = Readonly<Record<string, unknown>>;

/** What is looked up, and what becomes of it. */
interface Wanted {
  readonly where: object;
  readonly defaults: object;
  readonly createDefaults: object;
}

type Found<Instance> = [instance: Instance, created: boolean];

/** A row that is looked up to be updated, or to be created where there is none. */
export class Lookup<Instance extends Model> {
  readonly #database: Database;
  readonly #model: ModelStatic<Instance>;
  readonly #wanted: Wanted;

  constructor(database: Database, model: ModelStatic<Instance>, wanted: Wanted) {
    this.#database = database;
    this.#model = model;
    this.#wanted = wanted;
  }

  /** Does it in a transaction of its own, which is run again when it loses a race. */
  async updateOrCreate(): Promise<Found<Instance>> {
    const race = new Race();
    try {
      return await this.#inOwnTransaction(race);
    } catch (error) {
      // Nothing of it is stored: what comes next sees what the winner has stored, whatever is isolated.
      if (!race.isLostBy(error) || !(await this.#isThere())) throw error;
      return this.#inOwnTransaction(new Race());
    }
  }

  /** Does it in a savepoint of the block that a `transaction` option names. */
  updateOrCreateInBlock(transaction: Transaction | null | undefined): Promise<Found<Instance>> {
    return inSavepoint(this.#database, transaction, {}, async (inside) => {
      const found = await this.#findLocked(inside);
      if (found) return [await this.#update(found, inside), false];

      const race = new Race();
      try {
        return [await this.#createInSavepoint(race, inside), true];
      } catch (error) {
        if (!race.isLostBy(error)) throw error;
        if (!(await mayLockLatest(this.#database.sequelize, inside))) throw error;
        const winner = await this.#lock(inside);
        if (!winner) throw error;
        return [await this.#update(winner, inside), false];
      }
    });
  }

  #inOwnTransaction(race: Race): Promise<Found<Instance>> {
    return inSavepoint(this.#database, null, {}, async (transaction) => {
      const found = await this.#findLocked(transaction);
      return found
        ? [await this.#update(found, transaction), false]
        : [await this.#create(race, transaction), true];
    });
  }

  /** The row that is to be updated; none is locked where it is to be created. */
  async #findLocked(transaction: Transaction): Promise<Instance | undefined> {
    // Two who have locked the gap would each wait for the other to insert the row.
    const { locksGaps } = dialectOf(this.#database.sequelize);
    if (locksGaps && !(await this.#find({ transaction }))) return undefined;
    return this.#lock(transaction);
  }

  /** The row, which nobody else changes until the end of the transaction. */
  async #lock(transaction: Transaction): Promise<Instance | undefined> {
    const lock = { level: transaction.LOCK.UPDATE, of: this.#model };
    return this.#find({ transaction, lock });
  }

  async #find(options: FindOptions): Promise<Instance | undefined> {
    const where = this.#wanted.where as WhereOptions;
    const [row, other] = await this.#model.findAll({ ...options, where, limit: 2 });
    if (other === undefined) return row;
    throw new SignalsError(
      'SIGNALS_MULTIPLE_OBJECTS_RETURNED',
      `updateOrCreate() found several rows of ${this.#model.name}, and would have to choose one. ` +
        'Ask in "where" for what only one row has.',
    );
  }

  /** Whether the row is there outside of all transactions; a replica may not have it yet. */
  async #isThere(): Promise<boolean> {
    return (await this.#find({ transaction: null, useMaster: true } as FindOptions)) !== undefined;
  }

  /** As Django does, so that the block around it can look again. */
  #createInSavepoint(race: Race, transaction: Transaction): Promise<Instance> {
    return inSavepoint(this.#database, transaction, {}, (inside) => this.#create(race, inside));
  }

  async #create(race: Race, transaction: Transaction): Promise<Instance> {
    const { where, createDefaults } = this.#wanted;
    const values = { ...lookupValues(this.#model, where), ...(await resolved(createDefaults)) };
    const options: CreateOptions & InRace = { transaction, [RACE]: race };
    return this.#model.create(values as never, options);
  }

  async #update(row: Instance, transaction: Transaction): Promise<Instance> {
    const values = await resolved(this.#wanted.defaults);
    const names = Object.keys(values);
    row.set(values as never);
    const columns = columnsOf(this.#model);
    // Attributes without a column cannot be named: what they stand for is what their setters change.
    const isNamed = names.every((name) => columns.includes(name));
    const fields = isNamed ? this.#fieldsOf(row, names) : undefined;
    if (fields?.length === 0) return row;

    const updatedAt = writeTimeOf(this.#model);
    // Sequelize counts only what the application changes.
    if (updatedAt) row.changed(updatedAt as never, true);
    return row.save({ transaction, ...(fields && { fields: fields as never }) });
  }

  /** What an update names: what it is given, what setters have changed, and the time of the update. */
  #fieldsOf(row: Instance, names: readonly string[]): string[] {
    const { primaryKeyAttributes } = modelItself(this.#model);
    const updatedAt = writeTimeOf(this.#model) ?? [];
    const all = new Set([names, row.changed() || [], updatedAt].flat());
    return [...all].filter((name) => !primaryKeyAttributes.includes(name));
  }
}

/** The values, with those that functions make in the place of the functions. */
async function resolved(defaults: object): Promise<Values> {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(defaults)) {
    values[name] = typeof value === 'function' ? await value() : value;
  }
  return values;
}
