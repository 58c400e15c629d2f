import type { BulkCreateOptions, Model, ModelStatic } from 'sequelize';
import { SignalsError } from '../../base/index.js';
import {
  type Database,
  modelItself,
  modelOfCall,
  NewRows,
  RowQueue,
  replaceMethod,
  upsertedInstance,
} from '../../sequelize/index.js';
import type { Signal } from '../../signals/index.js';
import type { ModelFeature } from '../feature.js';
import { withRollbackOfBuilt } from '../instances/rollback.js';
import { isAnyHeard } from '../listening.js';
import type { ModelSignal } from '../model-signal.js';
import { MUTED, ROW_QUEUE, type SaveMarks } from '../save/save-options.js';
import { postSave, preSave } from '../save/save-signals.js';
import { assertKnownFields } from '../save/update-fields.js';
import { send } from '../send.js';
import {
  type InRowValidations,
  ROW_VALIDATIONS,
  RowValidations,
} from '../validate/row-validations.js';
import { postValidate, preValidate } from '../validate/validate-signals.js';
import {
  type BulkCreate,
  type BulkCreateBySender,
  postBulkCreate,
  preBulkCreate,
} from './bulk-create-signals.js';

/** On the options of a call: the rows that it is to insert. */
const ROWS = Symbol('rows');

/** On the options of an `upsert`: whether its caller named fields, as Sequelize names some itself. */
const NAMES_FIELDS = Symbol('names fields');

interface Options extends BulkCreateOptions, SaveMarks, InRowValidations {
  [ROWS]?: NewRows | undefined;
  readonly [NAMES_FIELDS]?: boolean;
}

type BulkCreateCall = (
  this: ModelStatic<Model>,
  ...parameters: [values: readonly object[], options?: Options]
) => Promise<Model[]>;

type Upsert = (
  this: ModelStatic<Model>,
  ...parameters: [values: object, options?: Options]
) => Promise<unknown>;

const SIGNALS = [preBulkCreate, postBulkCreate];
const ROW_SIGNALS = [preSave, postSave];
const VALIDATION_SIGNALS = [preValidate, postValidate];

/** Sends `preBulkCreate` and `postBulkCreate`, for `upsert` too. */
export function bulkCreateFeature(database: Database): ModelFeature {
  const sendBulk = (
    signal: ModelSignal<BulkCreateBySender>,
    instances: readonly Model[],
    options: Options,
    onConflict: BulkCreate['onConflict'],
  ): Promise<unknown> | undefined => {
    const sender = modelOfCall(options);
    return send(database, signal, sender, { instances, onConflict }, options.transaction);
  };

  const before = async (instances: readonly Model[], options: Options): Promise<void> => {
    const sender = modelOfCall(options);
    if (options.individualHooks) prepareRows(sender, options);
    if (!isAnyHeard(sender, SIGNALS)) return;

    const rows = new NewRows(instances, options);
    options[ROWS] = rows;
    if (!isAnyHeard(sender, [preBulkCreate])) return;
    await rows.validate();
    await sendBulk(preBulkCreate, instances, options, conflictOf(options));
    rows.writeChanges();
  };

  return {
    hooks: {
      signals: [...SIGNALS, ...ROW_SIGNALS],
      first: {
        afterBulkCreate: (_instances: readonly Model[], options: Options) =>
          options[ROWS]?.correctKeys(),
        afterUpsert: (_result: unknown, options: Options) => options[ROWS]?.correctKey(),
      },
      byType: {
        beforeBulkCreate: before,
        afterBulkCreate: (instances: readonly Model[], options: Options) =>
          sendBulk(postBulkCreate, instances, options, conflictOf(options)),
        beforeUpsert: async (_values: object, options: Options) => {
          const sender = modelOfCall(options);
          if (!isAnyHeard(sender, SIGNALS)) return;

          const instances = [upsertedInstance(options)];
          const rows = new NewRows(instances, options);
          options[ROWS] = rows;
          await sendBulk(preBulkCreate, instances, options, 'update');
          if (!options[NAMES_FIELDS]) rows.writeToUpsert();
        },
        afterUpsert: (_result: unknown, options: Options) =>
          sendBulk(postBulkCreate, [upsertedInstance(options)], options, 'update'),
      },
    },
    replaceMethods: (model) => [
      replaceMethod(model as { readonly bulkCreate: BulkCreateCall }, 'bulkCreate', (original) =>
        withKnownFields(
          'bulkCreate()',
          [...SIGNALS, ...ROW_SIGNALS],
          mutedWithoutHooks(
            validatedInTurn(withRollbackOfBuilt(database, original, (_values, options) => options)),
          ),
        ),
      ),
      replaceMethod(model as { readonly upsert: Upsert }, 'upsert', (original) =>
        withKnownFields(
          'upsert()',
          SIGNALS,
          namingFields(withRollbackOfBuilt(database, original, (_values, options) => options)),
        ),
      ),
    ],
  };
}

/**
 * Has the rows that `individualHooks` asks for saved in their order: Sequelize saves all at once (J-21).
 *
 * @throws `SIGNALS_UNKNOWN_ROWS` when it cannot be told which of them are created.
 */
function prepareRows(sender: ModelStatic<Model>, options: Options): void {
  if (!isAnyHeard(sender, ROW_SIGNALS)) return;
  if (options.updateOnDuplicate) {
    throw new SignalsError(
      'SIGNALS_UNKNOWN_ROWS',
      `Which rows of ${sender.name} a bulkCreate with "updateOnDuplicate" inserts cannot be told. ` +
        'Leave out "individualHooks", or find the rows first and save them one by one.',
    );
  }
  options[ROW_QUEUE] = new RowQueue();
}

/** Refuses fields that the model does not have, before any signal. */
function withKnownFields<Values, Result>(
  name: string,
  signals: readonly Signal<object>[],
  call: (
    this: ModelStatic<Model>,
    ...parameters: [values: Values, options?: Options]
  ) => Promise<Result>,
): typeof call {
  return async function (...parameters) {
    const [, options] = parameters;
    const sender = modelItself(this);
    if (options?.hooks !== false && isAnyHeard(sender, signals)) {
      assertKnownFields(`${sender.name}.${name}`, sender, options);
    }
    return call.apply(this, parameters);
  };
}

/** Sequelize saves the rows of `individualHooks` with hooks whatever the call says of these. */
function mutedWithoutHooks(bulkCreate: BulkCreateCall): BulkCreateCall {
  return async function (...parameters) {
    const [values, options] = parameters;
    if (options?.hooks !== false || !options.individualHooks) {
      return bulkCreate.apply(this, parameters);
    }
    return bulkCreate.call(this, values, { ...options, [MUTED]: true });
  };
}

/** Sequelize validates the rows of `individualHooks` all at once, and with hooks. */
function validatedInTurn(bulkCreate: BulkCreateCall): BulkCreateCall {
  return async function (...parameters) {
    const [values, options] = parameters;
    const isHeard = () => isAnyHeard(modelItself(this), VALIDATION_SIGNALS);
    if (!options?.validate || !options.individualHooks || !isHeard()) {
      return bulkCreate.apply(this, parameters);
    }

    const validations = new RowValidations();
    try {
      return await bulkCreate.call(this, values, { ...options, [ROW_VALIDATIONS]: validations });
    } finally {
      validations.assertNotFailed();
    }
  };
}

function namingFields(upsert: Upsert): Upsert {
  return async function (...parameters) {
    const [values, options] = parameters;
    if (!options?.fields) return upsert.apply(this, parameters);
    return upsert.call(this, values, { ...options, [NAMES_FIELDS]: true });
  };
}

function conflictOf({ ignoreDuplicates, updateOnDuplicate }: Options): BulkCreate['onConflict'] {
  if (updateOnDuplicate) return 'update';
  return ignoreDuplicates ? 'ignore' : 'fail';
}
