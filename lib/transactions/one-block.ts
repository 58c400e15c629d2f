import type { Transaction } from 'sequelize';
import { FlowValue } from '../base/index.js';
import { BlockName } from './block-name.js';
import type { Database } from './database.js';
import { atomic } from './transaction.js';
import { Turns } from './turns.js';

type Body<Result> = (transaction: Transaction) => Promise<Result>;

/**
 * Runs `body` as one block without a savepoint, in the block of a `transaction` option or in a
 * transaction of its own: when it fails, nothing of what it did is kept (D-147, D-188).
 */
export async function inOneBlock<Result>(
  database: Database,
  transaction: Transaction | null | undefined,
  body: Body<Result>,
): Promise<Result> {
  const around = database.innermostFor(transaction);
  if (!around && database.sequelize.getDialect() === 'sqlite') {
    const name = new BlockName('atomic block', '');
    return writersOf(database).inTurn(name, () => runAsWriter(database, name, body));
  }
  return runInside(database, around, false, body);
}

/** As `inOneBlock`, but with a savepoint: the block around it can go on when it fails. */
export async function inSavepoint<Result>(
  database: Database,
  transaction: Transaction | null | undefined,
  body: Body<Result>,
): Promise<Result> {
  return runInside(database, database.innermostFor(transaction), true, body);
}

function runInside<Result>(
  database: Database,
  around: ReturnType<Database['innermostFor']>,
  savepoint: boolean,
  body: Body<Result>,
): Promise<Result> {
  // Not by its transaction: a block without a savepoint has that of the block around it.
  const parent = around === database.current() ? undefined : (around?.transaction ?? null);
  return atomic({ using: database.sequelize, savepoint, transaction: parent }, body);
}

/** SQLite refuses a transaction that read before another one wrote: this one locks the others out first. */
function runAsWriter<Result>(
  database: Database,
  name: BlockName,
  body: Body<Result>,
): Promise<Result> {
  const options = { name, managed: true, raw: false, savepoint: false };
  return database.open(undefined, { type: 'IMMEDIATE' }, options).run(body);
}

const writers = new WeakMap<Database, Writers>();

function writersOf(database: Database): Writers {
  const known = writers.get(database) ?? new Writers();
  writers.set(database, known);
  return known;
}

/**
 * Lets the blocks that calls open by themselves come one after another on SQLite, which has one
 * writer at a time: a program that deletes rows side by side knows of no transaction. Waiting in
 * the driver would hold up the threads that the writer needs.
 */
class Writers {
  readonly #turns = new Turns();
  readonly #inside = new FlowValue<true>();

  async inTurn<Result>(writer: BlockName, write: () => Promise<Result>): Promise<Result> {
    // Whoever is started by a writer must not wait for its end.
    if (this.#inside.get()) return write();

    const end = await this.#turns.take(writer);
    try {
      return await this.#inside.run(true, write);
    } finally {
      end();
    }
  }
}
