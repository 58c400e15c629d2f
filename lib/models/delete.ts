import type { InstanceDestroyOptions, Model, ModelStatic } from 'sequelize';
import { InvalidArgumentError } from '../base/index.js';
import { type Database, replaceMethod } from '../sequelize/index.js';
import { inOneBlock } from '../transactions/index.js';
import type { Family } from './family.js';
import type { ModelSignal } from './model-signal.js';
import { postDelete, preDelete } from './model-signals.js';
import type { DeleteBySender } from './payloads.js';
import { isEitherHeard, send, senderOf } from './send.js';

/** On the options of a deletion: where it began. */
export const ORIGIN: unique symbol = Symbol('origin');

/** Keeps the identity of an origin, where Sequelize copies the options with all plain objects in them. */
export class Origin {
  readonly value: object;

  constructor(value: object) {
    this.value = value;
  }
}

/** What the options of a deletion carry for the library. */
export interface FromOrigin {
  readonly [ORIGIN]?: Origin | undefined;
}

/** The options of a deletion as its hooks get them. */
interface HookOptions extends InstanceDestroyOptions, FromOrigin {}

type Destroy = (this: Model, ...parameters: [options?: HookOptions]) => Promise<void>;

/** Sends `preDelete` and `postDelete`. */
export function deleteFamily(database: Database): Family {
  const sending =
    (signal: ModelSignal<DeleteBySender>) =>
    async (instance: Model, options: HookOptions): Promise<void> => {
      const sender = senderOf(instance);
      const origin = options[ORIGIN]?.value ?? instance;
      const payload = { instance, origin, soft: isSoft(sender, options) };
      await send(database, signal, sender, payload, options.transaction);
    };
  return {
    hooks: {
      signals: [preDelete, postDelete],
      byType: { beforeDestroy: sending(preDelete), afterDestroy: sending(postDelete) },
    },
    replaceMethods: ({ prototype }: ModelStatic<Model>) => [
      replaceMethod(prototype, 'destroy', (original: Destroy) => inBlock(database, original)),
    ],
  };
}

/** Whether a deletion only marks the rows of a model, which is paranoid then. */
export function isSoft(model: ModelStatic<Model>, options: InstanceDestroyOptions): boolean {
  return markOf(model) !== undefined && !options.force;
}

/** The attribute that marks the rows of a paranoid model as deleted. */
function markOf(model: ModelStatic<Model>): string | undefined {
  // Sequelize's types leave out what it asks itself.
  const { _timestampAttributes: timestamps } = model as unknown as {
    readonly _timestampAttributes: { readonly deletedAt?: string };
  };
  return timestamps.deletedAt;
}

/** Has a deletion and its receivers succeed or fail together (D-147). */
function inBlock(database: Database, destroy: Destroy): Destroy {
  return async function (...parameters) {
    const [options] = parameters;
    const isWatched = isEitherHeard(senderOf(this), preDelete, postDelete);
    if (options?.hooks === false || !isWatched) return destroy.apply(this, parameters);

    assertKey(this);
    const origin = options?.[ORIGIN] ?? new Origin(this);
    const unmark = unmarking(this);
    try {
      return await inOneBlock(database, options?.transaction, (transaction) =>
        destroy.call(this, { ...options, transaction, [ORIGIN]: origin }),
      );
    } catch (error) {
      unmark();
      throw error;
    }
  };
}

/** Undoes the mark of an instance whose row is not deleted after all: marked, it could not be again. */
function unmarking(instance: Model): () => void {
  const mark = markOf(senderOf(instance));
  if (mark === undefined) return () => {};

  const before: unknown = instance.getDataValue(mark);
  return () => {
    if (instance.getDataValue(mark) !== before) instance.setDataValue(mark, before);
  };
}

function assertKey(instance: Model): void {
  const { name, primaryKeyAttributes } = senderOf(instance);
  const missing = primaryKeyAttributes.find((key) => (instance.get(key) ?? null) === null);
  if (missing === undefined) return;
  throw new InvalidArgumentError(
    `This instance of ${name} cannot be destroyed: it has no "${missing}". Save it first.`,
  );
}
