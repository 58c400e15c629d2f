import { show } from '../base/index.js';
import type { Block } from './block.js';
import { Savepoint, type SavepointOwner } from './savepoint-stack.js';
import { isWithin } from './scope.js';
import type { Writes } from './source.js';
import { misusedError } from './transaction-errors.js';

/** A call of `savepoint()`. It is a part of the block that it was made in. */
class ManualSavepoint implements SavepointOwner {
  readonly parent: Block;

  constructor(parent: Block) {
    this.parent = parent;
  }

  get label(): string {
    return `the savepoint of ${this.parent.label}`;
  }
}

/** Sets a savepoint in the transaction of `block`, and resolves to its id. */
export async function setSavepoint(block: Block): Promise<string> {
  const { stack, undoLog } = block.root;
  const owner = new ManualSavepoint(block);
  const savepoint = new Savepoint(stack, owner, block.savepoint);
  await block.query(writesNothing, () => {
    const set = savepoint.setInTurn();
    undoLog.open(savepoint.setAt);
    return set;
  });
  return savepoint.name;
}

/** Forgets a savepoint; what came after it stays. */
export async function commitSavepoint(block: Block, sid: string | undefined): Promise<void> {
  const savepoint = findSavepoint(block, sid);
  await block.query(writesNothing, () => savepoint.releaseInTurn());
  savepoint.leave();
  block.root.undoLog.close(savepoint.setAt);
}

/**
 * Undoes what came after a savepoint, callbacks included (where Django keeps them: D-255). A
 * transaction that an error broke after the savepoint is sound again.
 */
export async function rollbackSavepoint(block: Block, sid: string | undefined): Promise<void> {
  const savepoint = findSavepoint(block, sid);
  const { callbacks, failures, stack, undoLog } = block.root;
  if (block.savepoint && stack.youngerThan(savepoint).includes(block.savepoint)) {
    throw misusedError(
      `${block.label} cannot roll back to a savepoint that is older than itself: its own would be gone. ` +
        'Leave the block first.',
    );
  }
  /** What the block itself did, or those around it before it was opened, was done before this call. */
  const means = (level: Block, moment: number) =>
    level === block || (moment < block.opened && isWithin(block, level));
  const isUndone = (by: Block, moment: number) =>
    moment > savepoint.setAt && means(by.unendedLevel, moment);
  await block.restore(() =>
    savepoint.rollBackInTurn({
      means,
      stays: true,
      undone() {
        callbacks.dropSince(savepoint.setAt, ({ block: by, moment }) => isUndone(by, moment));
        failures.mend((failure) => !failure.requested && isUndone(failure.block, failure.since));
        undoLog.undoSince(savepoint.setAt, isUndone);
      },
    }),
  );
}

const writesNothing: Writes = () => false;

function findSavepoint({ root, label }: Block, sid: string | undefined): Savepoint {
  const savepoint = sid === undefined ? undefined : root.stack.find(sid);
  if (savepoint?.owner instanceof ManualSavepoint) return savepoint;
  throw misusedError(
    `${label} has no savepoint ${show(sid)}. Give what transaction.savepoint() resolved to, ` +
      'in the same transaction, and not after savepointCommit() or the rollback of what it was set in.',
  );
}
