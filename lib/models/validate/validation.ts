import type { Model, ModelStatic, Transaction } from 'sequelize';
import { type Database, modelOf, UpdateInHooks } from '../../sequelize/index.js';
import { isHeard } from '../listening.js';
import type { ModelSignal } from '../model-signal.js';
import type { SaveCallOptions } from '../save/save-options.js';
import { send } from '../send.js';
import { type InRowValidations, ROW_VALIDATION } from './row-validations.js';
import type { ValidateBySender } from './validate-signals.js';

/** The options of a validation, as hooks get them. */
export type ValidateOptions = SaveCallOptions & InRowValidations;

/** One validation of an instance: it sends what is sent before and after. */
export class Validation {
  readonly #database: Database;
  readonly #instance: Model;
  readonly #sender: ModelStatic<Model>;
  readonly #options: ValidateOptions;
  readonly #updateFields: ReadonlySet<string> | null;

  constructor(
    database: Database,
    instance: Model,
    options: ValidateOptions,
    updateFields: ReadonlySet<string> | null,
  ) {
    this.#database = database;
    this.#instance = instance;
    this.#sender = modelOf(instance);
    this.#options = options;
    this.#updateFields = updateFields;
  }

  /** Sends a signal, and has what its receivers change be written and, before the validation, validated. */
  async send(signal: ModelSignal<ValidateBySender>): Promise<void> {
    if (!isHeard(this.#sender, signal)) return;

    const [instance, options] = [this.#instance, this.#options];
    const update = instance.isNewRecord
      ? undefined
      : new UpdateInHooks(instance, options, instance.changed() || []);
    try {
      await send(this.#database, signal, this.#sender, this.#payload(), this.#transaction());
    } catch (error) {
      options[ROW_VALIDATION]?.receiverFailed(instance, error);
      throw error;
    }
    update?.includeInValidation();
  }

  #payload() {
    return {
      instance: this.#instance,
      raw: this.#options.raw === true,
      updateFields: this.#updateFields,
    };
  }

  /** Of the save that it is for; `validate()` runs no query, and so is given none. */
  #transaction(): Transaction | null | undefined {
    const { transaction } = this.#options;
    return transaction === undefined ? this.#database.joinedTransaction() : transaction;
  }
}
