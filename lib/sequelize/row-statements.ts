import type { Model, QueryOptions, Sequelize, Transaction } from 'sequelize';
import { peek } from '../base/index.js';
import { dialectOf } from './dialects.js';
import { modelOf, versionOf } from './models.js';

/** Is told of the statements that write the row of an instance. */
export interface RowWatcher {
  /** A statement is through; `count` is how many rows it wrote, where the database tells. */
  wrote(count: number | undefined): void;
  /** A statement has failed, and with this error. */
  failed(error: unknown): void;
}

/** Who is told, by the instance: an application's `save()` may drop the options that it is given. */
const watchers = new WeakMap<object, Set<RowWatcher>>();

/** Tells `watcher` of the statements that write the row of `instance`. Returns the undo. */
export function watchRow(instance: Model, watcher: RowWatcher): () => void {
  const all = watchers.get(instance) ?? new Set();
  watchers.set(instance, all.add(watcher));
  return () => {
    all.delete(watcher);
    if (all.size === 0) watchers.delete(instance);
  };
}

/** On the options of an INSERT of many rows: who is told of the rows that the server returns. */
export const RETURNED: unique symbol = Symbol('returned rows');

/** The rows that an INSERT returned, by their columns: Sequelize gives them to its instances in turn. */
export class ReturnedRows {
  rows: readonly Readonly<Record<string, unknown>>[] = [];
}

/** The options of a statement that may tell somebody of its rows. */
export type ToldOptions = QueryOptions & { readonly [RETURNED]?: ReturnedRows | undefined };

/** Tells those who watch its row of a statement that was sent for an instance, or for many. */
export function tellOfRow(options: ToldOptions | undefined, sent: Promise<unknown>): void {
  const returned = options?.[RETURNED];
  if (returned) tellReturned(returned, sent);
  const all = options?.instance && watchers.get(options.instance);
  if (!all) return;

  sent.then(
    (result) => {
      for (const watcher of all) watcher.wrote(countIn(result));
    },
    (error: unknown) => {
      for (const watcher of all) watcher.failed(error);
    },
  );
}

function tellReturned(returned: ReturnedRows, sent: Promise<unknown>): void {
  const tell = (result: unknown): void => {
    const rows: unknown = Array.isArray(result) ? result[0] : undefined;
    returned.rows = Array.isArray(rows) ? rows : [];
  };
  sent.then(tell, () => {});
}

/** Sequelize answers the statement of an instance with the instance and the number of rows. */
function countIn(result: unknown): number | undefined {
  const count = Array.isArray(result) ? result[1] : undefined;
  return typeof count === 'number' ? count : undefined;
}

/** Whether a statement wrote nothing because the row is there, as it was asked to. */
export function isIgnored(error: unknown): boolean {
  // PostgreSQL's alone: the statement is through, and its transaction is sound.
  return peek(error, 'name') === 'SequelizeEmptyResultError';
}

/** Whether the row of an instance is there, by an UPDATE of it that the database says changed none. */
export async function isStored(
  instance: Model,
  transaction: Transaction | null | undefined,
): Promise<boolean> {
  const { countsUnchanged } = dialectOf(modelOf(instance).sequelize as Sequelize);
  return !countsUnchanged && isThere(instance, transaction);
}

/**
 * Whether the row of an instance is gone, by a DELETE of it. One that asks for a version which is old
 * by now deletes nothing, and Sequelize does not look.
 */
export async function isDeleted(
  instance: Model,
  transaction: Transaction | null | undefined,
): Promise<boolean> {
  return versionOf(modelOf(instance)) === undefined || !(await isThere(instance, transaction));
}

async function isThere(
  instance: Model,
  transaction: Transaction | null | undefined,
): Promise<boolean> {
  const model = modelOf(instance);
  const options = {
    where: instance.where() as Record<string, unknown>,
    attributes: model.primaryKeyAttributes as string[],
    lock: true, // it finds what the statement found, and not what the transaction has read before
    paranoid: false,
    hooks: false,
    raw: true,
    transaction,
  };
  return (await model.unscoped().findOne(options)) !== null;
}
