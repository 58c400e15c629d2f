import type { QueryOptions } from 'sequelize';
import { rejecting } from '../base/index.js';
import { type Block, type FailedQuery, misusedError } from '../blocks/index.js';
import { hasApplicationNamespace } from './cls-slot.js';
import { type ControlOptions, ControlStatements } from './control-statements.js';
import type { Database } from './database.js';
import { dialectOf } from './dialects.js';
import { noteStatement } from './implicit-commits.js';
import { InnerStatements, type Tell } from './inner-statements.js';
import type { OpenTransaction, Query } from './internals.js';
import { replaceMethod } from './replace-method.js';
import { isIgnored, type ToldOptions, tellOfRow } from './row-statements.js';
import { refuse } from './sequelizes-errors.js';
import { isUniqueViolation } from './server-errors.js';
import { controlsTransaction, mayMoveSavepoints, type Sql, writes } from './statement-kinds.js';
import { CONTROL } from './statements.js';

/** Options of Sequelize that only Sequelize itself uses. */
interface InternalOptions {
  readonly [CONTROL]?: true;
  /** On the INSERT of `findOrCreate`, which expects to lose a race: `true`, or PostgreSQL's clause. */
  readonly exception?: boolean | string;
}

/**
 * Whether the transaction is sound after an error of this statement: `findOrCreate` goes on after a
 * unique violation of its INSERT (D-131), and an INSERT may be asked to ignore one.
 */
function isSurvived(
  { ended }: FailedQuery,
  error: unknown,
  options: InternalOptions | undefined,
): boolean {
  if (ended) return false;
  return isIgnored(error) || (!!options?.exception && isUniqueViolation(error));
}

function controlError(block: Block): Error {
  return misusedError(
    `A query of ${block.label} would end its transaction, or begin one, without anybody knowing. ` +
      'Return or throw in atomic(), and call commit() or rollback() of a transaction of Sequelize.',
  );
}

/** For queries in the transaction of a test that belong to no block of it. */
const TELL_NOBODY: Tell = () => {};

/** Sends each query of a database through the block it belongs to. Returns the undo. */
export function interceptQueries(database: Database): () => void {
  const { sequelize, blocks } = database;
  const dialect = dialectOf(sequelize);
  const original = sequelize.query.bind(sequelize) as Query;
  const control = new ControlStatements(sequelize, original);
  const inner = new InnerStatements(sequelize, original);

  function sendOutside(sql: Sql, options: QueryOptions | undefined): Promise<unknown> {
    // Sequelize looks into the application's namespace when it is given none; `null` forbids it.
    const isMeant = !hasApplicationNamespace(sequelize);
    return original(sql, isMeant ? options : { ...options, transaction: null });
  }

  function route(sql: Sql, options?: QueryOptions & InternalOptions): Promise<unknown> {
    if (options?.[CONTROL]) return control.send(sql as string, options as ControlOptions);
    const named = database.blockNamed(options?.transaction);
    const block = named ? blocks.innermostIn(named) : database.blockOfQuery(options?.transaction);
    // A transaction that the library did not begin is left to whoever did.
    if (!block && options?.transaction) return original(sql, options);
    const writing = () => writes({ sql, dialect });
    if (!block) {
      return blocks.seam.source.query(writing, (handle) =>
        handle
          ? inner.send(sql, options, handle as OpenTransaction, TELL_NOBODY)
          : sendOutside(sql, options),
      );
    }
    if (!block.open) refuse(block, (options?.transaction ?? block.handle) as OpenTransaction, sql);
    if (controlsTransaction({ sql, dialect })) throw controlError(block);

    const tell: Tell = (failed, error) => {
      if (!isSurvived(failed, error, options)) block.queryFailed(failed);
    };
    return block.query(writing, (handle) => {
      // Hooks know the query by the transaction that it was given.
      const known = named && named !== block ? named.queryHandle() : handle;
      noteStatement(handle as OpenTransaction, { sql, dialect });
      const { stack } = block.root;
      if (stack.releasesLater && mayMoveSavepoints(sql)) stack.releaseAtOnce();
      return inner.send(sql, options, known as OpenTransaction, tell);
    });
  }

  function routeAndTell(sql: Sql, options?: ToldOptions & InternalOptions): Promise<unknown> {
    const sent = route(sql, options);
    tellOfRow(options, sent);
    return sent;
  }

  return replaceMethod<'query', object>(sequelize, 'query', () => rejecting(routeAndTell));
}
