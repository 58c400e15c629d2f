import type { InstanceDestroyOptions, Model, ModelStatic } from 'sequelize';
import { InvalidArgumentError } from '../errors.js';
import { type Database, inOneBlock } from '../transactions/index.js';
import type { Family } from './family.js';
import type { ModelSignal } from './model-signal.js';
import { postDelete, preDelete } from './model-signals.js';
import type { DeleteBySender } from './payloads.js';
import { replaceMethod } from './replace-method.js';
import { isHeard, senderOf } from './sender-of.js';

/** On the options of a deletion: where it began. */
const ORIGIN = Symbol('origin');

/** Keeps the identity of an origin, where Sequelize copies the options with all plain objects in them. */
class Origin {
  readonly value: object;

  constructor(value: object) {
    this.value = value;
  }
}

/** The options of a deletion as its hooks get them. */
interface HookOptions extends InstanceDestroyOptions {
  readonly [ORIGIN]?: Origin | undefined;
}

type Destroy = (this: Model, ...parameters: [options?: HookOptions]) => Promise<void>;

/** Sends `preDelete` and `postDelete`. */
export function deleteFamily(database: Database): Family {
  return {
    hooks: {
      beforeDestroy: (instance: Model, options: HookOptions) =>
        send(database, preDelete, instance, options),
      afterDestroy: (instance: Model, options: HookOptions) =>
        send(database, postDelete, instance, options),
    },
    replaceMethods: ({ prototype }: ModelStatic<Model>) => [
      replaceMethod(prototype, 'destroy', (original: Destroy) => inBlock(database, original)),
    ],
  };
}

async function send(
  database: Database,
  signal: ModelSignal<DeleteBySender>,
  instance: Model,
  options: HookOptions,
): Promise<void> {
  const sender = senderOf(instance);
  if (!isHeard(sender, signal)) return;
  const payload = {
    instance,
    using: database.alias,
    origin: options[ORIGIN]?.value ?? instance,
    transaction: options.transaction ?? undefined,
    soft: isSoft(sender, options),
  };
  await database.within(options.transaction, () => signal.send(sender, payload));
}

function isSoft(model: ModelStatic<Model>, options: HookOptions): boolean {
  // Sequelize's types leave out what it asks itself.
  const { _timestampAttributes: timestamps } = model as unknown as {
    readonly _timestampAttributes: { readonly deletedAt?: string };
  };
  return timestamps.deletedAt !== undefined && !options.force;
}

/** Has a deletion and its receivers succeed or fail together (D-147). */
function inBlock(database: Database, destroy: Destroy): Destroy {
  return async function (...parameters) {
    const [options] = parameters;
    if (options?.hooks === false || !isWatched(this)) return destroy.apply(this, parameters);

    assertKey(this);
    const origin = options?.[ORIGIN] ?? new Origin(this);
    return inOneBlock(database, options?.transaction, (transaction) =>
      destroy.call(this, { ...options, transaction, [ORIGIN]: origin }),
    );
  };
}

function isWatched(instance: Model): boolean {
  const sender = senderOf(instance);
  return isHeard(sender, preDelete) || isHeard(sender, postDelete);
}

function assertKey(instance: Model): void {
  const { name, primaryKeyAttributes } = senderOf(instance);
  const missing = primaryKeyAttributes.find((key) => (instance.get(key) ?? null) === null);
  if (missing === undefined) return;
  throw new InvalidArgumentError(
    `This instance of ${name} cannot be destroyed: it has no "${missing}". Save it first.`,
  );
}
