import type { Model, ModelStatic, Transaction } from 'sequelize';
import { type Database, hasHooks } from '../../sequelize/index.js';
import { inOneBlock } from '../../transactions/index.js';
import { preBulkDelete } from '../bulk-delete/bulk-delete-signals.js';
import type { Origin } from '../delete/deletion-options.js';
import { isAnyHeard } from '../listening.js';
import { ProtectedError } from './protected-error.js';

const origins = new WeakMap<ProtectedError, Origin>();

/** Notes which deletion it was that was refused. */
export function noteRefusal(error: unknown, origin: Origin | undefined): void {
  if (error instanceof ProtectedError && origin) origins.set(error, origin);
}

/** A call that deletes rows. */
export interface Deletion {
  readonly model: ModelStatic<Model>;
  readonly origin: Origin;
  readonly transaction: Transaction | null | undefined;
}

/**
 * As `inOneBlock`, but the block around a deletion that is refused stays sound: Django collects
 * before its block begins, and whoever catches the error may go on (D-155).
 */
export async function inBlockOfDeletion<Result>(
  database: Database,
  { model, origin, transaction }: Deletion,
  body: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  const isOutermost = !database.blockForCall(transaction);
  if (isOutermost || isToldOfCall(model)) return inOneBlock(database, transaction, body);

  const ended = await inOneBlock(database, transaction, async (inside) => {
    try {
      return { result: await body(inside) };
    } catch (error) {
      if (error instanceof ProtectedError && origins.get(error) === origin) return { error };
      throw error;
    }
  });
  if ('error' in ended) throw ended.error;
  return ended.result;
}

/** Whether anybody is told before the rows are collected: what they did then must be undone. */
function isToldOfCall(model: ModelStatic<Model>): boolean {
  return (
    isAnyHeard(model, [preBulkDelete]) || hasHooks(model, ['beforeDestroy', 'beforeBulkDestroy'])
  );
}
