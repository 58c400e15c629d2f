import type { Model, ModelStatic } from 'sequelize';
import { peek } from '../base/index.js';
import { isAutoCreated, isThroughModel } from '../sequelize/index.js';
import type { Signal } from '../signals/index.js';
import { connections } from '../transactions/index.js';
import { postBulkCreate, preBulkCreate } from './bulk-create/bulk-create-signals.js';
import { postBulkDelete, preBulkDelete } from './bulk-delete/bulk-delete-signals.js';
import { postBulkUpdate, preBulkUpdate } from './bulk-update/bulk-update-signals.js';
import { classPrepared } from './definition/definition-signals.js';
import { postDelete, preDelete } from './delete/delete-signals.js';
import { postInit, preInit } from './init/init-signals.js';
import { m2mChanged } from './m2m/m2m-signals.js';
import { isNamed, modelsNamed, namedModels } from './model-names.js';
import { postSave, preSave } from './save/save-signals.js';
import { postValidate, preValidate } from './validate/validate-signals.js';

/** The signals of rows, which the through models that Sequelize makes do not send. */
const OF_ROWS = new Set<Signal<object>>([
  ...[preValidate, postValidate, preSave, postSave, preDelete, postDelete],
  ...[preBulkCreate, postBulkCreate, preBulkUpdate, postBulkUpdate, preBulkDelete, postBulkDelete],
]);

/** All that this library sends by itself. What else there is, its application may send as it likes. */
const OWN = new Set<Signal<object>>([...OF_ROWS, m2mChanged, classPrepared, preInit, postInit]);

/** Why a sender, as things are, never sends a signal; undefined when it does. */
export function whyItNeverSends(
  signal: Signal<object>,
  sender: ModelStatic<Model> | string,
): string | undefined {
  if (typeof sender === 'string') return whyNoneOf(signal, sender);
  return OWN.has(signal) ? (whyNotInstalled(sender) ?? whyNotOfThis(signal, sender)) : undefined;
}

function whyNoneOf(signal: Signal<object>, name: string): string | undefined {
  const models = modelsNamed(name);
  if (models.length === 0) return `No installed database has a model called "${name}"`;

  const reasons = models.map((model) => whyNotOfThis(signal, model));
  return reasons.includes(undefined) ? undefined : reasons[0];
}

function whyNotInstalled(model: ModelStatic<Model>): string | undefined {
  if (isNamed(model)) return undefined;
  if (!Object.hasOwn(model, 'sequelize')) return whyNotInitialised(model);

  const sequelize = peek(model, 'sequelize') as NonNullable<typeof model.sequelize>;
  return connections.get(sequelize)
    ? `Another model was defined in place of the class "${model.name}"`
    : `The Sequelize instance of the model "${model.name}" is not installed`;
}

/** A base class, or what sequelize-typescript makes a repository of: their heirs are the senders (D-040). */
function whyNotInitialised(model: ModelStatic<Model>): string {
  const heirs = namedModels().filter((each) => Object.prototype.isPrototypeOf.call(model, each));
  if (heirs.length === 0) return `The class "${model.name}" was never initialised as a model`;

  const names = heirs.map(({ name }) => `"${name}"`).join(', ');
  return `The class "${model.name}" is no model itself, and the senders are those that extend it: ${names}`;
}

function whyNotOfThis(signal: Signal<object>, model: ModelStatic<Model>): string | undefined {
  if (signal === m2mChanged && !isThroughModel(model)) {
    return `The model "${model.name}" is the through model of no belongsToMany`;
  }
  if (OF_ROWS.has(signal) && isAutoCreated(model)) {
    return `The model "${model.name}", which Sequelize made for a belongsToMany, sends m2mChanged alone`;
  }
  return undefined;
}
