import type { Model } from 'sequelize';
import { ModelSignal } from '../model-signal.js';
import type { PayloadBySender } from '../payloads.js';

/** What receivers of `preInit` get. */
export interface PreInit {
  /** The alias of the database. */
  readonly using: string;
  /** The values that the instance is made of. What a receiver changes is in the instance. */
  readonly values: Record<string, unknown>;
}

/** What receivers of `postInit` get. */
export interface PostInit<Instance extends Model = Model> {
  /** The alias of the database. */
  readonly using: string;
  /** What was made. Field initialisers of its class have not run yet. */
  readonly instance: Instance;
}

/** The payload of `preInit`, whatever the sender. */
export interface PreInitBySender extends PayloadBySender {
  readonly payload: PreInit;
}

/** The payload of `postInit`, by sender. */
export interface PostInitBySender extends PayloadBySender {
  readonly payload: PostInit<this['instance']>;
}

/**
 * Sent at the start of `new Model()`, `build()` and for each row that a query makes an instance
 * of, with the model as sender. Receivers must be synchronous.
 */
export const preInit: ModelSignal<PreInitBySender> = new ModelSignal({ name: 'preInit' });

/** Sent when an instance has got its values. Receivers must be synchronous. */
export const postInit: ModelSignal<PostInitBySender> = new ModelSignal({ name: 'postInit' });
