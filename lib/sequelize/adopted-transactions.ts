import type { Sequelize } from 'sequelize';
import { BlockName } from '../blocks/index.js';
import { tellNamespace } from './cls-slot.js';
import type { Database } from './database.js';
import { type OpenTransaction, transactionClassOf } from './internals.js';
import { replaceMethod } from './replace-method.js';
import { ADOPTED } from './sequelize-driver.js';
import { CONTROL } from './statements.js';
import { blockOf, standFor } from './transaction-class.js';

/** The method by which Sequelize begins each of its transactions. */
interface Beginning {
  prepareEnvironment(this: OpenTransaction, useCLS?: boolean): Promise<unknown>;
}

/** The databases whose transactions an application's own `transaction()` makes, by their instance. */
const adopting = new WeakMap<Sequelize, Database>();
/** How many databases have the transactions of a class adopted, and how to leave that be. */
const replaced = new Map<Beginning, { count: number; readonly undo: () => void }>();

/**
 * Has the transactions that Sequelize's own `transaction()` makes for `database` stand for blocks.
 * What an application has put in its place is to run, and calls Sequelize's in the end, where nothing
 * belongs to the instance but what it begins: so the class of transactions has to ask, as long as
 * there is such an instance. Returns the undo.
 */
export function adoptTransactions(database: Database): () => void {
  const { sequelize } = database;
  const { prototype } = transactionClassOf(sequelize);
  adopting.set(sequelize, database);
  const known = replaced.get(prototype);
  if (known) known.count += 1;
  else replaced.set(prototype, { count: 1, undo: replaceBeginning(prototype) });
  return () => {
    adopting.delete(sequelize);
    const now = replaced.get(prototype);
    if (!now) return;
    now.count -= 1;
    if (now.count > 0) return;
    now.undo();
    replaced.delete(prototype);
  };
}

function replaceBeginning(prototype: Beginning): () => void {
  return replaceMethod<'prepareEnvironment', Beginning['prepareEnvironment']>(
    prototype,
    'prepareEnvironment',
    (original) =>
      async function (useCLS = true) {
        const database = adopting.get(this.sequelize);
        const isOurs = blockOf(this) !== undefined || CONTROL in this.options;
        if (!database || isOurs) return original.call(this, useCLS);

        await adopt(database, this, useCLS);
        if (useCLS) tellNamespace(database.sequelize, this);
        return undefined;
      },
  );
}

/** Begins the block that a transaction is to stand for. */
async function adopt(
  database: Database,
  transaction: OpenTransaction,
  isManaged: boolean,
): Promise<void> {
  const given = transaction.parent ?? null;
  const parent = database.blockFor(given);
  parent?.assertTakesBlocks();
  parent?.assertSound(); // there could be no savepoint, and it would be taken for its parent
  const block = database.blocks.openIn(
    parent,
    { [ADOPTED]: transaction },
    {
      name: new BlockName('transaction', ''),
      kind: 'transaction',
      endsByHand: !isManaged,
      savepoint: true,
    },
  );
  // A block without a savepoint has the transaction of the one around it.
  if (block.handle !== transaction) standFor(block, transaction, database.Transaction);
  try {
    await block.begin();
  } catch (error) {
    await block.fail(error).catch(() => {}); // the first error is the one to tell
    throw error;
  }
}
