import type { Block } from '../blocks/index.js';
import type { OpenTransaction } from './internals.js';
import type { Sql } from './statement-kinds.js';

const PARTICIPLES = { commit: 'committed', rollback: 'rolled back' } as const;

/** What Sequelize says to one who ends a transaction again: the cause of the library's own error. */
export function endedCause(
  { finished }: OpenTransaction,
  ending: keyof typeof PARTICIPLES,
): Error | undefined {
  if (finished === undefined) return undefined;
  return new Error(
    `Transaction cannot be ${PARTICIPLES[ending]} because it has been finished with state: ${finished}`,
  );
}

/** Throws for a query of a block that takes none any more, with what Sequelize says of it as cause. */
export function refuse(block: Block, { finished, id }: OpenTransaction, sql: Sql): never {
  const text = (typeof sql === 'string' ? sql : sql.query).trim();
  const cause =
    finished &&
    new Error(
      `${finished} has been called on this transaction(${id}), you can no longer use it. ` +
        "(The rejected query is attached as the 'sql' property of this error)",
    );
  try {
    block.assertOpen(cause && Object.assign(cause, { sql: text }));
  } catch (error) {
    throw Object.assign(error as Error, { sql: text });
  }
  throw cause;
}
