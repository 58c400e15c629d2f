import type { Transaction, TransactionOptions } from 'sequelize';
import { givenName, ifItFails } from '../base/index.js';
import { type Block, BlockName } from '../blocks/index.js';
import { adoptTransactions } from './adopted-transactions.js';
import type { Database } from './database.js';
import { noteCause } from './ending.js';
import { isSequelizesOwn } from './own-methods.js';
import { replaceMethod } from './replace-method.js';
import { blockOf, transactionOf } from './transaction-class.js';

/**
 * On the options of `findOrCreate`: `sequelize.transaction()` gives this transaction back. It would
 * set a savepoint in a transaction that it is given, and never end it.
 */
export const GIVEN_BACK: unique symbol = Symbol('given back');

interface CallOptions extends TransactionOptions {
  readonly [GIVEN_BACK]?: Transaction;
}

type Body = (transaction: Transaction) => PromiseLike<unknown>;

type Parameters = [first?: CallOptions | Body, second?: Body];

type Call = (...parameters: Parameters) => Promise<unknown>;

/** Makes the transactions of `sequelize.transaction(…)` blocks. Returns the undo. */
export function interceptTransactions(database: Database): () => void {
  let stopAdopting = () => {};
  const undo = replaceMethod<'transaction', Call>(
    database.sequelize as unknown as { readonly transaction: Call },
    'transaction',
    (original) => {
      if (isSequelizesOwn(original, 'prepareEnvironment')) return (...call) => open(database, call);
      stopAdopting = adoptTransactions(database);
      ifItFails(stopAdopting);
      return (...call) => callTheirs(database, original, call);
    },
  );
  return () => {
    undo();
    stopAdopting();
  };
}

/** Does what Sequelize's own method does. */
async function open(database: Database, parameters: Parameters): Promise<unknown> {
  const { options, body } = partsOf(parameters);
  if (GIVEN_BACK in options) return options[GIVEN_BACK];
  const name = new BlockName('transaction', body ? givenName(body) : '');
  return inPlace(database, options, name, body, (parent) =>
    openBlock(database, parent, options, name, body),
  );
}

/** Calls the method that the application has put in the place of Sequelize's, which it calls in turn. */
async function callTheirs(
  database: Database,
  theirs: Call,
  parameters: Parameters,
): Promise<unknown> {
  const { options, body } = partsOf(parameters);
  if (GIVEN_BACK in options) return options[GIVEN_BACK];
  const { sequelize } = database;
  if (!body) return theirs.apply(sequelize, parameters);

  const entered: Body = async (transaction) => {
    const block = blockOf(transaction);
    try {
      return await (block
        ? database.enterTransaction(block, () => body(transaction))
        : body(transaction));
    } catch (error) {
      noteCause(transaction, error);
      throw error;
    }
  };
  const wrapped = parameters.map((one) => (one === body ? entered : one)) as Parameters;
  const name = new BlockName('transaction', givenName(body));
  return inPlace(database, options, name, body, () => theirs.apply(sequelize, wrapped));
}

function partsOf([first, second]: Parameters): { options: CallOptions; body: Body | undefined } {
  return typeof first === 'function'
    ? { options: {}, body: first }
    : { options: first ?? {}, body: second };
}

/** Begins a transaction where its options say: inside another one when that has its turn. */
async function inPlace(
  database: Database,
  options: CallOptions,
  name: BlockName,
  body: Body | undefined,
  begin: (parent: Block | undefined) => Promise<unknown>,
): Promise<unknown> {
  // Sequelize's meaning: without a parent given it is a transaction of its own, wherever it is called.
  const given = options.transaction ?? null;
  const parent = database.blockFor(given);
  parent?.assertTakesBlocks();
  // One that is ended by hand does not wait for its turn, and so may stand beside others.
  return parent && body ? parent.inTurn(name, () => begin(parent)) : begin(parent);
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
  // One without a savepoint has the transaction of the block around it, which goes on.
  const transaction = transactionOf(block);
  const isItsOwn = blockOf(transaction) === block;
  let result: unknown;
  try {
    result = await database.enterTransaction(block, body);
  } catch (error) {
    noteCause(transaction, error);
    // What the application threw is what it gets, whatever the rollback says (D-221).
    if (block.open) await (isItsOwn ? transaction.rollback() : block.fail(error)).catch(() => {});
    throw error;
  }
  await (isItsOwn ? transaction.commit() : block.complete());
  return result;
}
