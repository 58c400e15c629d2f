import type { Transaction } from 'sequelize';
import { obtain, peek } from '../base/index.js';
import type { Batch, Block, Callback, CallbackOptions, RootBlock } from '../blocks/index.js';
import type { Database } from '../sequelize/index.js';
import { databases, findDatabase, isUsing } from './registry.js';

/** What is done somewhere, as far as it says where. */
export interface Doing {
  /** The database that it is done on, where it is done on one. */
  readonly using?: unknown;
  /** Its transaction, where that is not the current one. */
  readonly transaction?: unknown;
}

/** The blocks that something belongs to: where it does not say on which database, one of each at most. */
export function blocksOf({ using, transaction }: Doing = {}): Block[] {
  const named = namedDatabase(using, transaction);
  const concerned = named ? [named] : [...databases()];
  const given = named && isGiven(transaction) ? transaction : undefined;
  return concerned.flatMap((database) => {
    const block = given ? database.blockOfQuery(given) : database.blocks.current();
    return block ?? [];
  });
}

/**
 * Queues `callback` until everything is stored that it belongs to; it is dropped when any of that is
 * undone. False when there is nothing to wait for: the caller calls it at once.
 */
export function queueUntilStored(
  callback: Callback,
  options: CallbackOptions,
  doing: Doing = {},
): boolean {
  const blocks = blocksOf(doing);
  const [block, ...others] = blocks;
  if (block === undefined) {
    const database = namedDatabase(doing.using, doing.transaction) ?? findDatabase('default');
    return database?.blocks.queue(callback, options, undefined) ?? false;
  }
  if (others.length === 0) {
    block.register(callback, options);
    return true;
  }
  // The last of the commits has it called: which one that is, nobody knows before.
  let left = blocks.length;
  const countDown = () => {
    left -= 1;
    return left === 0 ? callback() : undefined;
  };
  Object.defineProperty(countDown, 'name', { value: callback.name });
  for (const each of blocks) each.register(countDown, { robust: options.robust });
  return true;
}

/** What is done together once a transaction is stored, however often it was asked for there. */
export class TogetherWhenStored<Entry> {
  readonly #callbackFor: (entries: readonly Entry[]) => Callback;
  readonly #batches = new WeakMap<RootBlock, EntryBatch<Entry>>();

  /** @param name - of the callback, for messages. */
  constructor(name: string, run: (entries: readonly Entry[]) => unknown) {
    this.#callbackFor = (entries) =>
      Object.defineProperty(() => run(entries), 'name', { value: name });
  }

  /** Does it for `entry` when the current blocks are stored; outside of any at once. */
  async add(entry: Entry): Promise<void> {
    const [block, ...others] = blocksOf();
    const callback = this.#callbackFor([entry]);
    // What waits for several databases comes by itself.
    const batch =
      block && others.length === 0
        ? obtain(this.#batches, block.root, () => new EntryBatch(this.#callbackFor))
        : undefined;
    batch?.entryOf.set(callback, entry);
    if (!queueUntilStored(callback, { robust: false, batch })) await callback();
  }
}

/** What is asked for in one transaction. The last of the callbacks that are left does it for all. */
class EntryBatch<Entry> implements Batch {
  readonly entryOf = new Map<Callback, Entry>();
  readonly #callbackFor: (entries: readonly Entry[]) => Callback;

  constructor(callbackFor: (entries: readonly Entry[]) => Callback) {
    this.#callbackFor = callbackFor;
  }

  settle(left: readonly Callback[]): readonly (Callback | undefined)[] {
    const together = this.#callbackFor(left.map((each) => this.entryOf.get(each) as Entry));
    return left.map((_, index) => (index === left.length - 1 ? together : undefined));
  }
}

function namedDatabase(using: unknown, transaction: unknown): Database | undefined {
  const byName = isUsing(using) ? findDatabase(using) : undefined;
  if (byName) return byName;
  const sequelize = isGiven(transaction) ? peek(transaction, 'sequelize') : undefined;
  return isUsing(sequelize) ? findDatabase(sequelize) : undefined;
}

function isGiven(value: unknown): value is Transaction {
  return typeof value === 'object' && value !== null;
}
