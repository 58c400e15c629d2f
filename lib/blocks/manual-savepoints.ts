import { obtain } from '../base/index.js';
import type { Block } from './block.js';
import { misusedError } from './transaction-errors.js';

/** For each transaction: its manual savepoints, each with the mark of the callbacks before it. */
const marks = new WeakMap<object, Map<string, number>>();

function marksOf({ root }: Block): Map<string, number> {
  return obtain(marks, root, () => new Map<string, number>());
}

/** Sets a savepoint in the transaction of `block`, and resolves to its id. */
export async function setSavepoint(block: Block): Promise<string> {
  const { root, blocks } = block;
  const sid = root.stack.nextName();
  await block.query(readsOnly, () => blocks.driver.setSavepoint(root.handle, sid));
  marksOf(block).set(sid, root.callbacks.mark);
  return sid;
}

/** Forgets a savepoint; what came after it stays. */
export async function commitSavepoint(block: Block, sid: string | undefined): Promise<void> {
  assertSavepoint(block, sid);
  const { root, blocks } = block;
  await block.query(readsOnly, () => blocks.driver.releaseSavepoint(root.handle, sid));
  marksOf(block).delete(sid);
}

/**
 * Undoes what came after a savepoint, callbacks included (where Django keeps them: D-255). A
 * transaction that an error broke after the savepoint is sound again.
 */
export async function rollbackSavepoint(block: Block, sid: string | undefined): Promise<void> {
  assertSavepoint(block, sid);
  const { root, blocks } = block;
  await block.restore(async () => {
    await blocks.driver.rollbackToSavepoint(root.handle, sid);
    root.callbacks.dropSince(marksOf(block).get(sid) ?? 0);
    if (!root.failures.current?.requested) root.failures.clear();
  });
}

function readsOnly(): boolean {
  return false;
}

function assertSavepoint(block: Block, sid: string | undefined): asserts sid is string {
  if (sid !== undefined && marksOf(block).has(sid)) return;
  throw misusedError(
    `${block.label} has no savepoint ${JSON.stringify(sid)}. Give what transaction.savepoint() resolved to, ` +
      'in the same transaction, and not after savepointCommit().',
  );
}
