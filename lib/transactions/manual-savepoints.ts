import type { Block } from './block.js';
import { misusedError } from './failure.js';
import { beginSavepoint, releaseSavepoint, rollbackToSavepoint } from './statements.js';

/** For each transaction: its manual savepoints, each with the mark of the callbacks before it. */
const marks = new WeakMap<object, Map<string, number>>();

function marksOf(block: Block): Map<string, number> {
  const known = marks.get(block.trunk) ?? new Map<string, number>();
  marks.set(block.trunk, known);
  return known;
}

/** Sets a savepoint in the transaction of `block`, and resolves to its id. */
export async function setSavepoint(block: Block): Promise<string> {
  const { trunk, host } = block;
  const sid = trunk.nextSavepoint();
  await block.query(
    () => false,
    () => beginSavepoint(host.sequelize, trunk.transaction, sid),
  );
  marksOf(block).set(sid, trunk.callbacks.mark);
  return sid;
}

/** Forgets a savepoint; what came after it stays. */
export async function commitSavepoint(block: Block, sid: string | undefined): Promise<void> {
  assertSavepoint(block, sid);
  const { trunk, host } = block;
  await block.query(
    () => false,
    () => releaseSavepoint(host.sequelize, trunk.transaction, sid),
  );
  marksOf(block).delete(sid);
}

/**
 * Undoes what came after a savepoint, callbacks included (where Django keeps them: D-255). A
 * transaction that an error broke after the savepoint is sound again.
 */
export async function rollbackSavepoint(block: Block, sid: string | undefined): Promise<void> {
  assertSavepoint(block, sid);
  const { trunk, host } = block;
  await block.restore(async () => {
    await rollbackToSavepoint(host.sequelize, trunk.transaction, sid);
    trunk.callbacks.dropSince(marksOf(block).get(sid) ?? 0);
    if (!trunk.failure?.requested) trunk.failure = undefined;
  });
}

function assertSavepoint(block: Block, sid: string | undefined): asserts sid is string {
  if (sid !== undefined && marksOf(block).has(sid)) return;
  throw misusedError(
    `${block.label} has no savepoint ${JSON.stringify(sid)}. Give what transaction.savepoint() resolved to, ` +
      'in the same transaction, and not after savepointCommit().',
  );
}
