import type { QueryOptions, Sequelize, Transaction, TransactionOptions } from 'sequelize';
import type { Block, BlockOptions } from './block.js';
import { BlockName } from './block-name.js';
import type { Ground } from './ground.js';
import { rejecting } from './rejecting.js';
import { replaceMethod } from './replace-method.js';
import { hasApplicationNamespace } from './sequelize-cls.js';
import { CONTROL } from './statements.js';

type Sql = Parameters<Sequelize['query']>[0];
type Query = (sql: Sql, options?: QueryOptions & InternalOptions) => Promise<unknown>;

/** Options of Sequelize that only Sequelize itself uses. */
interface InternalOptions {
  readonly [CONTROL]?: true;
  /** On the INSERT of `findOrCreate`, which expects to lose a race: `true`, or PostgreSQL's clause. */
  readonly exception?: boolean | string;
}

function textOf(sql: Sql): string {
  return typeof sql === 'string' ? sql : sql.query;
}

/** Statements that only read. What they are is in their text: `INSERT … RETURNING` is sent as a SELECT. */
const READS = /^\s*(select|show|explain|describe|desc|values|pragma)\b/i;
const WITH = /^\s*with\b/i;
const WRITES = /\b(insert|update|delete|merge)\b/i;

function writes(sql: Sql): boolean {
  const text = textOf(sql);
  return WITH.test(text) ? WRITES.test(text) : !READS.test(text);
}

/** Whether the server refused a statement; anything else was refused before one was sent. */
function isServerError(error: unknown): boolean {
  return error instanceof Error && 'parent' in error;
}

/** `findOrCreate` goes on after a unique violation of its INSERT (D-131). */
function isSurvived(error: unknown, options: InternalOptions | undefined): boolean {
  return !!options?.exception && (error as Error).name === 'SequelizeUniqueConstraintError';
}

/** What `sequelize.query` needs of the installed database. */
interface Router {
  readonly ground: Ground;
  blockOfQuery(transaction: Transaction | null | undefined): Block | undefined;
}

/** Sends each query of `sequelize` through the block it belongs to. Returns the undo. */
export function interceptQueries(sequelize: Sequelize, router: Router): () => void {
  const original = sequelize.query.bind(sequelize) as Query;

  /** Whether the options say so already: copying those of a model's query takes its time. */
  function isMeant(transaction: Transaction | null, options: QueryOptions | undefined): boolean {
    if (options?.transaction) return options.transaction === transaction;
    // Sequelize looks into the application's namespace when it is given none; `null` forbids it.
    return transaction === null && !hasApplicationNamespace(sequelize);
  }

  function route(sql: Sql, options?: QueryOptions & InternalOptions): Promise<unknown> {
    if (options?.[CONTROL]) return original(sql, options);
    const block = router.blockOfQuery(options?.transaction);
    // A transaction that the library did not begin is left to whoever did.
    if (!block && options?.transaction) return original(sql, options);
    const send = (transaction: Transaction | null) =>
      original(sql, isMeant(transaction, options) ? options : { ...options, transaction });
    const writing = () => writes(sql);
    if (!block) return router.ground.query(writing, send);

    const failed = (error: unknown): never => {
      if (isServerError(error) && !isSurvived(error, options)) block.queryFailed(error);
      throw error;
    };
    return block.query(writing, (transaction) => send(transaction).catch(failed));
  }

  return replaceMethod<'query', object>(sequelize, 'query', () => rejecting(route));
}

/** What `sequelize.transaction` needs of the installed database. */
interface Opener {
  blockFor(transaction: Transaction | null): Block | undefined;
  innermostFor(transaction: Transaction | null): Block | undefined;
  open(
    parent: Block | undefined,
    transactionOptions: object,
    options: BlockOptions & { readonly savepoint: boolean },
  ): Block;
}

/**
 * On the options of `findOrCreate`: `sequelize.transaction()` gives this transaction back. It would
 * set a savepoint in a transaction that it is given, and never end it.
 */
export const GIVEN_BACK: unique symbol = Symbol('given back');

interface OpeningOptions extends TransactionOptions {
  readonly [GIVEN_BACK]?: Transaction;
}

type Body = (transaction: Transaction) => PromiseLike<unknown>;

/** Makes the transactions of `sequelize.transaction(…)` blocks. Returns the undo. */
export function interceptTransactions(sequelize: Sequelize, opener: Opener): () => void {
  async function transaction(first?: OpeningOptions | Body, second?: Body): Promise<unknown> {
    const [options, body] = typeof first === 'function' ? [{}, first] : [first ?? {}, second];
    if (GIVEN_BACK in options) return options[GIVEN_BACK];
    // Sequelize's meaning: without a parent given it is a transaction of its own, wherever it is called.
    const given = options.transaction ?? null;
    // One that is ended by hand has no turn, and so may stand beside others.
    const parent = body ? opener.innermostFor(given) : opener.blockFor(given);
    parent?.assertOpen();
    const name = new BlockName('transaction', body?.name ?? '');
    const open = () => begin(opener, parent, options, name, body);
    return parent && body ? parent.inTurn(name, open) : open();
  }

  return replaceMethod<'transaction', object>(sequelize, 'transaction', () => transaction);
}

async function begin(
  opener: Opener,
  parent: Block | undefined,
  { transaction: _parent, ...options }: TransactionOptions,
  name: BlockName,
  body: Body | undefined,
): Promise<unknown> {
  const block = opener.open(parent, options, {
    name,
    managed: body !== undefined,
    raw: true,
    savepoint: true,
  });
  try {
    await block.begin();
  } catch (error) {
    await block.fail(error).catch(() => {});
    throw error;
  }
  return body ? block.run(body) : block.transaction;
}
