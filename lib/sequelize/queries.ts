import type { QueryOptions } from 'sequelize';
import { rejecting } from '../base/index.js';
import { type Block, misusedError } from '../blocks/index.js';
import { hasApplicationNamespace } from './cls-slot.js';
import type { Database } from './database.js';
import { dialectOf } from './dialects.js';
import type { OpenTransaction } from './internals.js';
import { replaceMethod } from './replace-method.js';
import { refuse } from './sequelizes-errors.js';
import { endsTransaction, isRetryable, isServerError, isUniqueViolation } from './server-errors.js';
import { controlsTransaction, type Sql, writes } from './statement-kinds.js';
import { CONTROL } from './statements.js';

type Query = (sql: Sql, options?: QueryOptions & InternalOptions) => Promise<unknown>;

/** Options of Sequelize that only Sequelize itself uses. */
interface InternalOptions {
  readonly [CONTROL]?: true;
  /** On the INSERT of `findOrCreate`, which expects to lose a race: `true`, or PostgreSQL's clause. */
  readonly exception?: boolean | string;
}

/** `findOrCreate` goes on after a unique violation of its INSERT (D-131). */
function isSurvived(error: unknown, options: InternalOptions | undefined): boolean {
  return !!options?.exception && isUniqueViolation(error);
}

function controlError(block: Block): Error {
  return misusedError(
    `A query of ${block.label} would end its transaction, or begin one, without anybody knowing. ` +
      'Return or throw in atomic(), and call commit() or rollback() of a transaction of Sequelize.',
  );
}

/** Sends each query of a database through the block it belongs to. Returns the undo. */
export function interceptQueries(database: Database): () => void {
  const { sequelize, blocks } = database;
  const dialect = dialectOf(sequelize);
  const original = sequelize.query.bind(sequelize) as Query;

  /** Whether the options say so already: copying those of a model's query takes its time. */
  function isMeant(transaction: object | null, options: QueryOptions | undefined): boolean {
    if (options?.transaction) return options.transaction === transaction;
    // Sequelize looks into the application's namespace when it is given none; `null` forbids it.
    return transaction === null && !hasApplicationNamespace(sequelize);
  }

  function route(sql: Sql, options?: QueryOptions & InternalOptions): Promise<unknown> {
    if (options?.[CONTROL]) return original(sql, options);
    const named = database.blockNamed(options?.transaction);
    const block = database.blockOfQuery(options?.transaction);
    // A transaction that the library did not begin is left to whoever did.
    if (!block && options?.transaction) return original(sql, options);
    const send = (handle: object | null) => {
      const transaction = handle as OpenTransaction | null;
      return original(sql, isMeant(transaction, options) ? options : { ...options, transaction });
    };
    const writing = () => writes({ sql, dialect });
    if (!block) return blocks.seam.source.query(writing, send);
    if (!block.open) refuse(block, (options?.transaction ?? block.handle) as OpenTransaction, sql);
    if (controlsTransaction({ sql, dialect })) throw controlError(block);

    const failed = (error: unknown): never => {
      if (isServerError(error) && !isSurvived(error, options)) {
        block.queryFailed({ error, lost: isRetryable(error), ended: endsTransaction(error) });
      }
      throw error;
    };
    return block.query(writing, (handle) =>
      // Hooks know the query by the transaction that it was given.
      send(named && named !== block ? named.queryHandle() : handle).catch(failed),
    );
  }

  return replaceMethod<'query', object>(sequelize, 'query', () => rejecting(route));
}
