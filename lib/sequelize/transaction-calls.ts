import type { Transaction, TransactionOptions } from 'sequelize';
import { givenName } from '../base/index.js';
import { type Block, BlockName } from '../blocks/index.js';
import type { Database } from './database.js';
import { replaceMethod } from './replace-method.js';
import { transactionOf } from './transaction-class.js';

/**
 * On the options of `findOrCreate`: `sequelize.transaction()` gives this transaction back. It would
 * set a savepoint in a transaction that it is given, and never end it.
 */
export const GIVEN_BACK: unique symbol = Symbol('given back');

interface CallOptions extends TransactionOptions {
  readonly [GIVEN_BACK]?: Transaction;
}

type Body = (transaction: Transaction) => PromiseLike<unknown>;

/** Makes the transactions of `sequelize.transaction(…)` blocks. Returns the undo. */
export function interceptTransactions(database: Database): () => void {
  async function transaction(first?: CallOptions | Body, second?: Body): Promise<unknown> {
    const [options, body] = typeof first === 'function' ? [{}, first] : [first ?? {}, second];
    if (GIVEN_BACK in options) return options[GIVEN_BACK];
    // Sequelize's meaning: without a parent given it is a transaction of its own, wherever it is called.
    const given = options.transaction ?? null;
    const parent = database.blockFor(given);
    parent?.assertTakesBlocks();
    const name = new BlockName('transaction', body ? givenName(body) : '');
    const open = () => openBlock(database, parent, options, name, body);
    // One that is ended by hand does not wait for its turn, and so may stand beside others.
    return parent && body ? parent.inTurn(name, open) : open();
  }

  return replaceMethod<'transaction', object>(database.sequelize, 'transaction', () => transaction);
}

async function openBlock(
  database: Database,
  parent: Block | undefined,
  { transaction: _parent, ...options }: TransactionOptions,
  name: BlockName,
  body: Body | undefined,
): Promise<unknown> {
  parent?.assertSound(); // there could be no savepoint, and it would be taken for its parent
  const block = database.blocks.openIn(parent, options, {
    name,
    kind: 'transaction',
    endsByHand: body === undefined,
    savepoint: true,
  });
  try {
    await block.begin();
  } catch (error) {
    await block.fail(error).catch(() => {}); // the first error is the one to tell
    throw error;
  }
  const transaction = transactionOf(block);
  return body ? runManaged(database, block, () => body(transaction)) : transaction;
}

/** Runs the function of a transaction, and ends it as Sequelize does. */
async function runManaged(
  database: Database,
  block: Block,
  body: () => PromiseLike<unknown>,
): Promise<unknown> {
  let result: unknown;
  try {
    result = await database.enterTransaction(block, body);
  } catch (error) {
    // What the application threw is what it gets, whatever the rollback says (D-221).
    if (block.open) await block.fail(error).catch(() => {});
    throw error;
  }
  await block.complete();
  return result;
}
