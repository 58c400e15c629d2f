import { ModelSignal } from '../model-signal.js';
import type { PayloadBySender } from '../payloads.js';

/** What receivers of `classPrepared` get. */
export interface ClassPrepared {
  /** The alias of the database. */
  readonly using: string;
}

/** The payload of `classPrepared`, whatever the sender. */
export interface ClassPreparedBySender extends PayloadBySender {
  readonly payload: ClassPrepared;
}

/**
 * Sent when a model has been defined on an installed database, with the model as sender, also for
 * the through models that Sequelize makes. Receivers must be synchronous.
 */
export const classPrepared: ModelSignal<ClassPreparedBySender> = new ModelSignal({
  name: 'classPrepared',
});
