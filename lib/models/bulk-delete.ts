import type { DestroyOptions, Model, ModelStatic, Transaction, WhereOptions } from 'sequelize';
import { type Database, replaceMethod } from '../sequelize/index.js';
import { inOneBlock } from '../transactions/index.js';
import { modelItself } from './defined-models.js';
import { type FromOrigin, isSoft, ORIGIN, Origin } from './delete.js';
import type { Family } from './family.js';
import { postBulkDelete, postDelete, preBulkDelete, preDelete } from './model-signals.js';
import { isEitherHeard, send } from './send.js';

/** On the options of a deletion of many rows: what is known of it. */
const DELETION = Symbol('deletion');

/** The options of a deletion of many rows, as its hooks get them. */
interface HookOptions extends DestroyOptions, FromOrigin {
  readonly model: ModelStatic<Model>;
  readonly transaction?: Transaction;
  readonly [DELETION]?: Deletion;
}

type Destroy = (
  this: ModelStatic<Model>,
  ...parameters: [options?: DestroyOptions & FromOrigin]
) => Promise<number>;

/** Sends `preBulkDelete` and `postBulkDelete`. */
export function bulkDeleteFamily(database: Database): Family {
  return {
    hooks: {
      signals: [preBulkDelete, postBulkDelete],
      byType: {
        beforeBulkDestroy: async (options: HookOptions) => options[DELETION]?.before(options),
      },
    },
    replaceMethods: (model) => [
      replaceMethod(model as { readonly destroy: Destroy }, 'destroy', (original) =>
        inBlock(database, original),
      ),
    ],
  };
}

/** Has a deletion and its receivers succeed or fail together (D-147). */
function inBlock(database: Database, destroy: Destroy): Destroy {
  return async function (...parameters) {
    const [options] = parameters;
    const sender = modelItself(this);
    if (!options || !isWatched(sender, options)) return destroy.apply(this, parameters);

    const origin = options[ORIGIN] ?? new Origin(options);
    return inOneBlock(database, options.transaction, async (transaction) => {
      const deletion = new Deletion(database, sender, transaction);
      const marks = { [DELETION]: deletion, [ORIGIN]: origin };
      const count = await destroy.call(this, { ...options, ...marks, transaction });
      await deletion.after(count);
      return count;
    });
  };
}

function isWatched(sender: ModelStatic<Model>, options: DestroyOptions): boolean {
  if (options.hooks !== false && isEitherHeard(sender, preBulkDelete, postBulkDelete)) return true;
  return !!options.individualHooks && isEitherHeard(sender, preDelete, postDelete);
}

/** One deletion of many rows, from the signal before it to the one after. */
class Deletion {
  readonly #database: Database;
  readonly #sender: ModelStatic<Model>;
  readonly #transaction: Transaction;
  #told: { readonly where: WhereOptions | undefined; readonly soft: boolean } | undefined;

  constructor(database: Database, sender: ModelStatic<Model>, transaction: Transaction) {
    this.#database = database;
    this.#sender = sender;
    this.#transaction = transaction;
  }

  async before(options: HookOptions): Promise<void> {
    // The application may have handed its hook's options on, to a call for another model.
    if (modelItself(options.model) !== this.#sender) return;
    this.#told = { where: options.where, soft: isSoft(this.#sender, options) };
    await send(this.#database, preBulkDelete, this.#sender, this.#told, this.#transaction);
  }

  async after(count: number | undefined): Promise<void> {
    if (this.#told === undefined) return;
    const told = { ...this.#told, count };
    await send(this.#database, postBulkDelete, this.#sender, told, this.#transaction);
  }
}
