import type { Association, Identifier, Model, ModelStatic } from 'sequelize';
import type { ModelPayload, PayloadBySender } from '../payloads.js';
import { ManyToManySignal } from './many-to-many-signal.js';

interface LinksChange<Instance extends Model, Target extends Model> extends ModelPayload {
  /** The instance whose method was called, or that was created with an `include`. */
  readonly instance: Instance;
  /** Whether that was on the side whose `belongsToMany` was declared second. */
  readonly reverse: boolean;
  /** The model of the other side. */
  readonly model: ModelStatic<Target>;
}

/** What receivers of `m2mChanged` get when single links are made or removed. */
export interface LinksChanged<
  Action extends LinksAction = LinksAction,
  Instance extends Model = Model,
  Target extends Model = Model,
> extends LinksChange<Instance, Target> {
  readonly action: Action;
  /**
   * The keys of the others: those that get linked, without those that are linked already, or all
   * that were asked to be unlinked. It is one set before and after; what a receiver takes out of
   * it before, is left as it is. After an add it is without those that somebody else has linked
   * meanwhile.
   */
  readonly pkSet: Set<Identifier>;
}

/** What receivers of `m2mChanged` get when all links of an instance are removed. */
export interface LinksCleared<
  Action extends ClearAction = ClearAction,
  Instance extends Model = Model,
  Target extends Model = Model,
> extends LinksChange<Instance, Target> {
  readonly action: Action;
  readonly pkSet: null;
}

type LinksAction = 'pre_add' | 'post_add' | 'pre_remove' | 'post_remove';
type ClearAction = 'pre_clear' | 'post_clear';

/** What receivers of `m2mChanged` get; the `action` tells which. */
export type M2MChanged<Instance extends Model = Model, Target extends Model = Model> =
  | LinksChanged<'pre_add', Instance, Target>
  | LinksChanged<'post_add', Instance, Target>
  | LinksChanged<'pre_remove', Instance, Target>
  | LinksChanged<'post_remove', Instance, Target>
  | LinksCleared<'pre_clear', Instance, Target>
  | LinksCleared<'post_clear', Instance, Target>;

/**
 * The payload of `m2mChanged`, by sender: an association tells the models of both sides, whose
 * changes its through model sends alike.
 */
export interface M2MChangedBySender extends PayloadBySender {
  readonly sender: unknown;
  readonly senders: Association;
  readonly payload: M2MChangedOf<this['sender']>;
}

type M2MChangedOf<Sender> =
  Sender extends Association<infer Source, infer Target>
    ? M2MChanged<Source, Target> | M2MChanged<Target, Source>
    : M2MChanged;

/**
 * Sent before and after the links of a `belongsToMany` change, with the through model as sender:
 * by `addX`, `removeX`, `setX` and `createX` of instances, which then run with their receivers as
 * one block, and for what an `include` links. `setX` removes, then adds, only what is different;
 * `setX(null)` clears.
 *
 * @example
 * ```ts
 * import { type Association, Model } from 'sequelize';
 * import { m2mChanged } from 'sequelize-signals';
 *
 * class Category extends Model {}
 * class Event extends Model {
 *   declare static associations: { categories: Association<Event, Category> };
 * }
 *
 * m2mChanged.connect(({ action, instance, pkSet }) => [action, instance.id, pkSet], {
 *   sender: Event.associations.categories,
 * });
 * ```
 */
export const m2mChanged: ManyToManySignal = new ManyToManySignal({ name: 'm2mChanged' });
