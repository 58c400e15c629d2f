import type { Model, ModelStatic, Transaction } from 'sequelize';
import { isThenable } from '../../base/index.js';
import {
  type Database,
  InstanceState,
  savedTogether,
  watchBuilding,
} from '../../sequelize/index.js';

/** A method that writes rows, of instances or of models. */
type Write<Owner, Parameters extends unknown[], Result> = (
  this: Owner,
  ...parameters: Parameters
) => Promise<Result>;

/** Finds the options among the parameters of a write. */
type FindOptions<Parameters extends unknown[]> = (...parameters: Parameters) => object | undefined;

type Block = NonNullable<ReturnType<Database['blockFor']>>;

/** Has an instance be as it was before `write` again, when the block of that is undone. */
export function withRollback<Parameters extends unknown[], Result>(
  database: Database,
  write: Write<Model, Parameters, Result>,
  optionsOf: FindOptions<Parameters>,
): Write<Model, Parameters, Result> {
  return function (...parameters) {
    const block = blockOf(database, optionsOf(...parameters));
    if (!block) return write.apply(this, parameters);

    const noted = savedTogether(this).map((instance) => changing(block, instance));
    return tellEnd(write.apply(this, parameters), noted);
  };
}

/** As `withRollback`, for the instances that `write` builds of the values it is given. */
export function withRollbackOfBuilt<Parameters extends unknown[], Result>(
  database: Database,
  write: Write<ModelStatic<Model>, Parameters, Result>,
  optionsOf: FindOptions<Parameters>,
): Write<ModelStatic<Model>, Parameters, Result> {
  return function (...parameters) {
    const block = blockOf(database, optionsOf(...parameters));
    if (!block) return write.apply(this, parameters);

    const noted: (EndOfWrite | undefined)[] = [];
    const built = (instance: Model) => void noted.push(changing(block, instance));
    return tellEnd(
      watchBuilding(built, () => write.apply(this, parameters)),
      noted,
    );
  };
}

/** Has instances be as they are now again, when the block of the write that is to come is undone. */
export function rollBackWith(
  database: Database,
  transaction: Transaction | null | undefined,
  instances: readonly Model[],
): void {
  const block = blockOf(database, { transaction });
  if (block) for (const instance of instances) changing(block, instance);
}

/** What is to be called when a write has ended, however it did. */
type EndOfWrite = () => void;

function changing(block: Block, instance: Model): EndOfWrite | undefined {
  let state: InstanceState | undefined;
  const change = block.changing(instance, () => {
    state = new InstanceState(instance);
    return state;
  });
  if (change === undefined) return undefined;

  return () => {
    // A block does not wait for receivers and hooks that nobody awaits, as those of a failed Promise.all.
    if (change.undone) change.memento.putBack(instance);
    else state?.writeEnded(instance);
  };
}

function tellEnd<Result>(
  written: Promise<Result>,
  ends: readonly (EndOfWrite | undefined)[],
): Promise<Result> {
  const end = () => {
    for (const tell of ends) tell?.();
  };
  // The caller gets the very promise of Sequelize: one around it would cost each save three turns.
  if (isThenable(written)) written.then(end, end);
  return written;
}

function blockOf(database: Database, options: object | undefined): Block | undefined {
  const { transaction } = (options ?? {}) as { readonly transaction?: Transaction | null };
  try {
    return database.blockOfQuery(transaction);
  } catch {
    return undefined; // the write itself is going to be refused
  }
}
