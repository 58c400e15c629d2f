import type { Model, ModelStatic } from 'sequelize';
import { obtain } from '../../base/index.js';
import {
  callOfValidation,
  type Database,
  isOfRow,
  isOneOfRows,
  modelOf,
  replaceMethod,
} from '../../sequelize/index.js';
import type { ModelFeature } from '../feature.js';
import { isAnyHeard } from '../listening.js';
import { MUTED } from '../save/save-options.js';
import { savingWith } from '../save/savings.js';
import { updateFieldsOf } from '../save/update-fields.js';
import { ROW_VALIDATION, ROW_VALIDATIONS } from './row-validations.js';
import { postValidate, preValidate } from './validate-signals.js';
import { type ValidateOptions, Validation } from './validation.js';

type Validate = (this: Model, ...parameters: [options?: ValidateOptions]) => Promise<unknown>;

const SIGNALS = [preValidate, postValidate];

/** Sends `preValidate` and `postValidate` where Sequelize runs its hooks, and once for each save. */
export function validateFeature(database: Database): ModelFeature {
  /** Those under way, by the options that both hooks of one get. */
  const validations = new WeakMap<ValidateOptions, Validation>();

  const before = (instance: Model, options: ValidateOptions): Promise<void> | undefined => {
    if (options[MUTED] || !isOfRow(instance, options) || !isAnyHeard(modelOf(instance), SIGNALS)) {
      return undefined;
    }
    if (!isFirstOfCall(instance, options)) return undefined;
    const updateFields = fieldsFor(instance, options);
    if (updateFields?.size === 0) return undefined;

    const validation = new Validation(database, instance, options, updateFields);
    validations.set(options, validation);
    return validation.send(preValidate);
  };

  return {
    hooks: {
      signals: SIGNALS,
      byType: {
        beforeValidate: before,
        afterValidate: (_instance: Model, options: ValidateOptions) =>
          validations.get(options)?.send(postValidate),
      },
    },
    replaceMethods: ({ prototype }: ModelStatic<Model>) => [
      replaceMethod(prototype as { readonly validate: Validate }, 'validate', inTurn),
    ],
  };
}

/** What the save has in `updateFields`: Sequelize has added fields of its own to the options by now. */
function fieldsFor(instance: Model, options: ValidateOptions): ReadonlySet<string> | null {
  if (isOneOfRows(options)) return null;
  const saving = savingWith(options, instance);
  return saving ? saving.updateFields : updateFieldsOf(instance, options);
}

/** The instances that the calls under way have validated: Sequelize looks again at what hooks of a save changed. */
const validated = new WeakMap<object, WeakSet<Model>>();

function isFirstOfCall(instance: Model, options: ValidateOptions): boolean {
  const call = callOfValidation(options);
  if (call === undefined) return true;

  const instances = obtain(validated, call, () => new WeakSet<Model>());
  if (instances.has(instance)) return false;
  instances.add(instance);
  return true;
}

/** Has one of several rows wait for its turn. */
function inTurn(validate: Validate): Validate {
  return function (...parameters) {
    const [options] = parameters;
    const validations = options?.[ROW_VALIDATIONS];
    if (!validations) return validate.apply(this, parameters);

    return validations.inTurn(this, (validation) =>
      // What a hook validates with its options is none of the rows, and must not wait for this one.
      validate.call(this, {
        ...options,
        [ROW_VALIDATIONS]: undefined,
        [ROW_VALIDATION]: validation,
      }),
    );
  };
}
