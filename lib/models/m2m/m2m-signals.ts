import type { Identifier, Model, ModelStatic } from 'sequelize';
import { ModelSignal } from '../model-signal.js';
import type { ModelPayload, PayloadBySender } from '../payloads.js';

interface LinksChange extends ModelPayload {
  /** The instance whose method was called. */
  readonly instance: Model;
  /** Whether that was on the side whose `belongsToMany` was declared second. */
  readonly reverse: boolean;
  /** The model of the other side. */
  readonly model: ModelStatic<Model>;
}

/** What receivers of `m2mChanged` get when single links are made or removed. */
export interface LinksChanged<Action extends LinksAction = LinksAction> extends LinksChange {
  readonly action: Action;
  /**
   * The keys of the others: those that get linked, without those that are linked already, or all
   * that were asked to be unlinked. It is one set before and after; what a receiver takes out of
   * it before, is left as it is.
   */
  readonly pkSet: Set<Identifier>;
}

/** What receivers of `m2mChanged` get when all links of an instance are removed. */
export interface LinksCleared<Action extends ClearAction = ClearAction> extends LinksChange {
  readonly action: Action;
  readonly pkSet: null;
}

type LinksAction = 'pre_add' | 'post_add' | 'pre_remove' | 'post_remove';
type ClearAction = 'pre_clear' | 'post_clear';

/** What receivers of `m2mChanged` get; the `action` tells which. */
export type M2MChanged =
  | LinksChanged<'pre_add'>
  | LinksChanged<'post_add'>
  | LinksChanged<'pre_remove'>
  | LinksChanged<'post_remove'>
  | LinksCleared<'pre_clear'>
  | LinksCleared<'post_clear'>;

/** The payload of `m2mChanged`, whose sender is the through model. */
export interface M2MChangedBySender extends PayloadBySender {
  readonly payload: M2MChanged;
}

/**
 * Sent before and after the links of a `belongsToMany` change, with the through model as sender:
 * by `addX`, `removeX`, `setX` and `createX` of instances, which then run with their receivers as
 * one block. `setX` removes, then adds, only what is different; `setX(null)` clears.
 */
export const m2mChanged: ModelSignal<M2MChangedBySender> = new ModelSignal({ name: 'm2mChanged' });
