import type { InstanceDestroyOptions, Model } from 'sequelize';
import { type Database, modelOf } from '../../sequelize/index.js';
import type { ModelSignal } from '../model-signal.js';
import { send } from '../send.js';
import type { DeleteBySender } from './delete-signals.js';
import { type FromOrigin, isSoft, ORIGIN } from './deletion-options.js';

/** Sends `preDelete` or `postDelete` for one row, if anyone listens. */
export async function sendDelete(
  database: Database,
  signal: ModelSignal<DeleteBySender>,
  instance: Model,
  options: InstanceDestroyOptions & FromOrigin,
): Promise<void> {
  const sender = modelOf(instance);
  const origin = options[ORIGIN]?.value ?? instance;
  const payload = { instance, origin, soft: isSoft(sender, options) };
  await send(database, signal, sender, payload, options.transaction);
}
