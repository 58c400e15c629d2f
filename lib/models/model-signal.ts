import type { Model, ModelStatic } from 'sequelize';
import {
  functionName,
  heldElsewhere,
  InvalidArgumentError,
  isObject,
  logger,
  peek,
} from '../base/index.js';
import { modelItself } from '../sequelize/index.js';
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

/** A sender of a model signal: a model, or its name. */
export type ModelSender = ModelStatic<Model> | string;

/** What receivers get of a model signal, by sender. */
export interface ReceivedBySender<Kind extends PayloadBySender> extends BySender {
  readonly payload: PayloadFor<Kind, InstanceOf<this['sender']>>;
  readonly from: ModelStatic<InstanceOf<this['sender']>>;
}

/** The class of the instances of a sender; that of all models for a name, and for any sender. */
type InstanceOf<Sender> = Sender extends ModelStatic<infer Instance> ? Instance : Model;

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
   * It is as `connect` of any signal, but takes the name of a model as well. For a class, the
   * receiver knows the class of its instances.
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
   * @throws {@link InvalidArgumentError} when the receiver is not a function, the sender is neither
   * a model nor a name, or an option is unknown or of the wrong kind. Nothing is connected then.
   */
  override connect<Instance extends Model, This = void>(
    receiver: Receiver<PayloadFor<Kind, Instance>, Decided<ModelStatic<Instance>>, Decided<This>>,
    options: ConnectOptions<ModelStatic<Instance>, This> & {
      readonly sender: ModelStatic<Instance>;
    },
  ): Undo;
  override connect(receiver: never, options?: never): Undo;
  override connect<This = void>(
    receiver: Receiver<PayloadFor<Kind, Model>, ModelStatic<Model>, Decided<This>>,
    options?: ConnectOptions<string, This>,
  ): Undo;
  override connect(receiver: AnyReceiver, options: ConnectOptions = {}): Undo {
    checkSender(options);
    warnOfOtherCopy(this, options?.sender);
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
    options: DisconnectOptions<ModelSender> = {},
  ): boolean {
    checkSender(options);
    return super.disconnect(receiver, options);
  }

  protected override senderNames(): SenderNames {
    return MODEL_NAMES;
  }
}

/** A model is known by its class, by the classes that Sequelize derives from it, and by its name. */
const MODEL_NAMES: SenderNames = {
  itself: (sender) =>
    typeof sender === 'function' ? modelItself(sender as ModelStatic<Model>) : sender,
  aliasesOf: namesakes,
};

/** Throws unless the sender is a model, a name, or nobody. The signal checks the other options. */
function checkSender(options: DisconnectOptions | null | undefined): void {
  const sender = options?.sender;
  if (sender === undefined || sender === null || isModelSender(sender)) return;
  throw new InvalidArgumentError(
    'The sender of a model signal must be a model, or the name of one that need not be defined yet.',
  );
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

function isModelSender(sender: unknown): sender is ModelSender {
  return typeof sender === 'function' || (typeof sender === 'string' && sender !== '');
}
