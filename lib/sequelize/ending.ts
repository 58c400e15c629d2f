import { type Block, misusedError } from '../blocks/index.js';
import type { OpenTransaction, queryInterfaceOf } from './internals.js';
import { isSequelizesOwn } from './own-methods.js';
import { replaceMethod } from './replace-method.js';
import { endedCause } from './sequelizes-errors.js';

/** The two ways in which a transaction of Sequelize ends. */
export type Ending = 'commit' | 'rollback';

/** What Sequelize's own methods of these names call to send their statement. */
const STATEMENTS = { commit: 'commitTransaction', rollback: 'rollbackTransaction' } as const;

/** What ends the blocks whose transactions are being ended by a method of the application. */
const ends = new WeakMap<object, () => Promise<void>>();

/** Why the function of a transaction failed, for the rollback that follows. */
const causes = new WeakMap<object, unknown>();

/** Ends the block of a transaction whose `commit()` or `rollback()` was called. */
export async function endByHand(
  block: Block,
  transaction: OpenTransaction,
  ending: Ending,
  theirs: () => Promise<void>,
): Promise<void> {
  if (block.kind === 'atomic') {
    throw misusedError(
      `${ending}() was called on the transaction of ${block.label}, which ends with its function (D-218). ` +
        'Return or throw there, or call transaction.setRollback(true).',
    );
  }
  if (!block.open) block.assertOpen(endedCause(transaction, ending));
  const end = () => (ending === 'commit' ? block.complete() : block.fail(causes.get(transaction)));
  if (isSequelizesOwn(theirs, STATEMENTS[ending])) return end();
  await endThroughTheirs(block, transaction, end, theirs);
}

/** Notes why a transaction is about to be rolled back. */
export function noteCause(transaction: object, error: unknown): void {
  causes.set(transaction, error);
}

/**
 * Has the method that an application put in the place of Sequelize's run around the end of the
 * block, which comes where the method calls what Sequelize's own does.
 */
async function endThroughTheirs(
  block: Block,
  transaction: OpenTransaction,
  end: () => Promise<void>,
  theirs: () => Promise<void>,
): Promise<void> {
  ends.set(transaction, end);
  try {
    await theirs.call(transaction);
  } finally {
    ends.delete(transaction);
    // Sequelize's own has noted what it wanted, and not what became of it.
    if (block.ended) transaction.finished = block.kept ? 'commit' : 'rollback';
  }
}

/** Has the statements with which Sequelize's own methods end a transaction end its block. Returns the undo. */
export function interceptEnds(queryInterface: ReturnType<typeof queryInterfaceOf>): () => void {
  const undos = Object.values(STATEMENTS).map((name) =>
    replaceMethod(
      queryInterface,
      name,
      (original: SendEnd): SendEnd =>
        function (this: object, transaction, options) {
          const end = ends.get(transaction);
          if (!end) return original.call(this, transaction, options);
          ends.delete(transaction);
          return end();
        },
    ),
  );
  return () => {
    for (const undo of undos) undo();
  };
}

type SendEnd = (this: object, transaction: object, options: object) => Promise<unknown>;
