import type { Model, ModelStatic } from 'sequelize';
import {
  functionName,
  heldElsewhere,
  InvalidArgumentError,
  isClass,
  isObject,
  logger,
  peek,
  show,
} from '../base/index.js';
import { isAssociation, isModel, modelItself } from '../sequelize/index.js';
import {
  type AnyReceiver,
  type BySender,
  type ConnectOptions,
  type Decided,
  type DisconnectOptions,
  type Receiver,
  type SenderNames,
  Signal,
  type Undo,
} from '../signals/index.js';
import { namesakes } from './model-names.js';
import type { PayloadBySender, PayloadFor } from './payloads.js';

/**
 * The models of an application by their names, for it to declare: a receiver that is connected by
 * a name then knows the class of its instances, and a name that is not here is an error. Nothing is
 * declared at first, and every name is accepted.
 *
 * @example
 * ```ts
 * import { Model } from 'sequelize';
 * import { postSave } from 'sequelize-signals';
 *
 * class Order extends Model {
 *   declare total: number;
 * }
 *
 * declare module 'sequelize-signals' {
 *   interface ModelNames {
 *     Order: Order;
 *   }
 * }
 *
 * postSave.connect(({ instance }) => instance.total, { sender: 'Order' });
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: applications add to it
export interface ModelNames {}

/** The name of a model: any, or one of {@link ModelNames} where an application has declared those. */
export type ModelName = [keyof ModelNames] extends [never] ? string : keyof ModelNames & string;

/** A sender of a model signal: a model, or its name. */
export type ModelSender = ModelStatic<Model> | ModelName;

/** The senders of one kind of model signal: models, and what else its kind names as `senders`. */
export type SenderOfKind<Kind extends PayloadBySender> =
  | ModelSender
  | (Kind extends { readonly senders: infer Others } ? Others : never);

/** What receivers get of a model signal, by sender. */
export interface ReceivedBySender<Kind extends PayloadBySender> extends BySender {
  readonly senders: SenderOfKind<Kind>;
  readonly payload: PayloadFor<Kind, InstanceOf<this['sender']>, this['sender']>;
  readonly from: ModelStatic<InstanceOf<this['sender']>>;
}

/** What the instances of a sender are: of its class, or of that which its name is declared to have. */
type InstanceOf<Sender> =
  Sender extends ModelStatic<infer Instance>
    ? Instance
    : Sender extends keyof ModelNames
      ? Declared<ModelNames[Sender]>
      : Model;

type Declared<Instance> = Instance extends Model ? Instance : Model;

/**
 * A signal whose senders are models.
 *
 * @remarks
 * A sender may be given by its name, also before the model is defined or its database installed.
 * A name stands for the models that have it on the installed databases, one on each; when a model
 * is defined anew, it stands for the new one. A receiver that is connected to a model both by
 * class and by name is called once.
 *
 * The classes that `scope()`, `unscoped()` and `schema()` make are the model that they are made of.
 *
 * @example
 * ```ts
 * import { postSave } from 'sequelize-signals';
 *
 * postSave.connect(({ instance, created }) => created && instance.get('id'), { sender: 'Order' });
 * ```
 * @typeParam Kind - the payload, which depends on the sender.
 */
export class ModelSignal<Kind extends PayloadBySender = PayloadBySender> extends Signal<
  PayloadFor<Kind, Model>
> {
  /** Tells `receiver()` what its function gets. There is no such member at run time. */
  declare readonly '~bySender': ReceivedBySender<Kind>;

  /**
   * Has `receiver` called with every send from now on, or with every send of one model.
   *
   * @remarks
   * It is as `connect` of any signal, but its senders are models, and the names of models. The
   * receiver knows the class of the instances: for a class, for an array of these, and for a name
   * that is declared in {@link ModelNames}.
   *
   * A model that never sends is not refused, as it may be initialised or installed later: see
   * {@link unresolvedSenders}.
   *
   * @example
   * ```ts
   * import { Model } from 'sequelize';
   * import { postSave } from 'sequelize-signals';
   *
   * class Order extends Model {
   *   declare total: number;
   * }
   *
   * const undo = postSave.connect(({ instance }) => instance.total, { sender: Order });
   * undo();
   * ```
   * @throws {@link InvalidArgumentError} when the receiver is not a function, a sender is neither
   * a model nor a name, as what an import in a circle has not brought yet, or an option is unknown
   * or of the wrong kind. Nothing is connected then.
   */
  override connect<Sender extends SenderOfKind<Kind> = ModelStatic<Model>, This = void>(
    receiver: Receiver<
      PayloadFor<Kind, InstanceOf<Decided<Sender>>, Decided<Sender>>,
      ModelStatic<InstanceOf<Decided<Sender>>>,
      Decided<This>
    >,
    options?: ConnectOptions<Sender, This>,
  ): Undo;
  // It is never called. With two declarations, TypeScript compares this method with that of Signal as if
  // anybody could be the sender of both; one that differs in the number of its parameters is no candidate
  // for a wrong call, whose error so stays short.
  override connect(receiver: never, options: never, nothing: never): Undo;
  override connect(receiver: AnyReceiver, options: ConnectOptions = {}): Undo {
    this.#checkSenders(options);
    const { itself } = this.senderNames();
    for (const sender of [options?.sender].flat()) warnOfOtherCopy(this, itself(sender));
    return super.connect(receiver as Receiver<PayloadFor<Kind, Model>>, options);
  }

  /**
   * Ends one connection, and tells whether there was one.
   *
   * @remarks
   * It is as `disconnect` of any signal, but knows models by class and by name: one or the other
   * will do, whichever `connect` was given.
   */
  override disconnect(
    receiver?: AnyReceiver | null,
    options: DisconnectOptions<SenderOfKind<Kind>> = {},
  ): boolean {
    this.#checkSenders(options);
    return super.disconnect(receiver, options);
  }

  protected override senderNames(): SenderNames {
    return MODEL_NAMES;
  }

  /** Whether this kind of signal has such a sender. */
  protected isSender(given: unknown): boolean {
    return isModel(given) || (typeof given === 'string' && given !== '');
  }

  /**
   * Throws unless the senders are such, or nobody. The signal checks the other options, and that
   * these are options.
   */
  #checkSenders(options: DisconnectOptions | null | undefined): void {
    const named = [options?.sender].flat();
    const wrong = named.find((sender) => (sender ?? null) !== null && !this.isSender(sender));
    if (wrong === undefined) return;
    throw new InvalidArgumentError(
      `The sender of a model signal must be a model, or the name of one that need not be defined yet, not ${describe(wrong)}.`,
    );
  }
}

/** A model is known by its class, by the classes that Sequelize derives from it, and by its name. */
const MODEL_NAMES: SenderNames = {
  itself: (sender) =>
    typeof sender === 'function' ? modelItself(sender as ModelStatic<Model>) : sender,
  aliasesOf: namesakes,
};

/** Shows what was taken for a model, with what may have been meant. */
function describe(given: unknown): string {
  if (isModel(peek(given, 'constructor')))
    return `an instance of ${nameOfClass(given)}: give its class`;
  if (isModel(peek(given, 'default'))) return 'a module: give its "default"';
  if (isAssociation(given))
    return 'an association, which m2mChanged alone has, if it is many-to-many';
  if (typeof given !== 'function' || isClass(given as AnyReceiver)) return show(given);
  return `the function "${functionName(given)}": if it makes a model, as the files of sequelize-cli do, give what it returns`;
}

function nameOfClass(instance: unknown): string {
  return functionName(peek(instance, 'constructor') as ModelStatic<Model>);
}

const warnedOf = new WeakSet<object>();

/** Warns, once for each instance, of a model whose signals another copy of this package sends. */
function warnOfOtherCopy({ name }: Signal<object>, sender: unknown): void {
  const sequelize = peek(sender, 'sequelize');
  if (!isObject(sequelize) || warnedOf.has(sequelize)) return;

  const elsewhere = heldElsewhere(sequelize);
  if (elsewhere === undefined) return;
  warnedOf.add(sequelize);
  logger().warn(
    `A receiver of ${name} was connected to the model "${functionName(sender as ModelStatic<Model>)}", whose Sequelize instance is installed by ${elsewhere}. ` +
      'It is not called: connect it by the copy that has the instance.',
  );
}
