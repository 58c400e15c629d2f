import type { Model, ModelStatic } from 'sequelize';
import { copyOf, isSame } from '../base/index.js';
import { columnsOf, modelOf, versionOf, writeTimeOf } from './models.js';

/** The options of an update as its hooks get them. */
interface UpdateOptions {
  readonly fields?: string[] | undefined;
  /** There when Sequelize chose the fields, as the caller named none. */
  readonly defaultFields?: readonly string[] | undefined;
  readonly silent?: boolean | undefined;
  readonly validate?: boolean | undefined;
  /** Of a validation: what it does not look at. */
  skip?: readonly string[] | undefined;
}

/** The members of a model that its declaration leaves out. */
type Internals = ModelStatic<Model> & {
  _getDefaultTimestamp(attribute: string): unknown;
};

/** The members in which an instance keeps its values. */
interface Values {
  readonly dataValues: Record<string, unknown>;
  readonly _previousDataValues: Record<string, unknown>;
}

/** A value as it was, and what to compare it with if it is changed in place. */
interface Before {
  readonly value: unknown;
  readonly copy: unknown;
}

/**
 * An update from the moment that this is made: it writes what is done to its instance from then on.
 * Sequelize has chosen the fields by that time. It notices some changes, and leaves the time of the
 * update and the version behind when there were none before; it notices none that are made in
 * place, or of a value that was set earlier and was not to be saved.
 */
export class UpdateInHooks {
  readonly #instance: Model;
  readonly #options: UpdateOptions;
  readonly #pending: readonly string[];
  readonly #before: ReadonlyMap<string, Before>;

  /** @param pending - what was changed already when the save began. */
  constructor(instance: Model, options: object, pending: readonly string[]) {
    this.#instance = instance;
    this.#options = options;
    this.#pending = pending;
    const { dataValues } = this.#values;
    this.#before = new Map(
      columnsOf(this.#model).map((name) => {
        const value = dataValues[name];
        return [name, { value, copy: copyOf(value) }];
      }),
    );
  }

  /** Has the update write what was changed since, unless the caller named what it is to write. */
  async includeChanges(): Promise<void> {
    const changed = this.#noteChanges();
    const { fields = [] } = this.#options;
    const unnoticed = changed.filter((name) => !this.#isNoticed(name, fields));
    if (this.#write(changed) && unnoticed.length > 0) await this.#validate(unnoticed);
  }

  /** As `includeChanges`, in a hook of a validation, which is going to look at the changes as well. */
  includeInValidation(): void {
    const changed = this.#noteChanges();
    const skipsOthers = this.#skipsWhatIsNotWritten();
    if (!this.#write(changed) || !skipsOthers) return;
    this.#options.skip = this.#options.skip?.filter((name) => !changed.includes(name));
  }

  get #values(): Values {
    return this.#instance as unknown as Values;
  }

  get #model(): Internals {
    return modelOf(this.#instance) as Internals;
  }

  /** The attributes that were changed since. */
  #noteChanges(): readonly string[] {
    const { dataValues } = this.#values;
    const changed = [...this.#before.entries()]
      .filter(([name, { copy }]) => !isSame(copy, dataValues[name]))
      .map(([name]) => name);
    for (const name of changed) this.#note(name);
    return changed;
  }

  /** Has changes be written; false when the caller named what is. */
  #write(changed: readonly string[]): boolean {
    const { fields, defaultFields } = this.#options;
    if (!fields || !defaultFields) return false;
    const isFirst = fields.length === 0;
    addTo(fields, changed);
    if (isFirst && this.#isChanged(changed)) this.#mark(fields, changed);
    return true;
  }

  /** Whether a validation skips what is not written, and not what its caller has named to be skipped. */
  #skipsWhatIsNotWritten(): boolean {
    const { skip = [], fields = [] } = this.#options;
    const attributes = Object.keys(this.#model.getAttributes());
    return attributes.every((name) => skip.includes(name) !== fields.includes(name));
  }

  /** Notes a change as a setter of Sequelize does. */
  #note(name: string): void {
    if (this.#instance.changed(name as keyof Model)) return;
    this.#values._previousDataValues[name] = this.#before.get(name)?.copy;
    this.#instance.changed(name as keyof Model, true);
  }

  /** Whether Sequelize notices a change, and then validates the value. */
  #isNoticed(name: string, fields: readonly string[]): boolean {
    if (!fields.includes(name)) return !this.#pending.includes(name);
    return this.#before.get(name)?.value !== this.#values.dataValues[name];
  }

  /** Whether there is something to write by now, also by the hooks of the application. */
  #isChanged(changed: readonly string[]): boolean {
    if (changed.length > 0) return true;
    const all = this.#instance.changed() || [];
    return all.some((name) => this.#before.has(name) && !this.#pending.includes(name));
  }

  /** Marks the row as updated, as Sequelize does when there is something to write from the start. */
  #mark(fields: string[], changed: readonly string[]): void {
    const version = versionOf(this.#model);
    const updatedAt = writeTimeOf(this.#model);
    if (updatedAt && !this.#options.silent) {
      const isSet = changed.includes(updatedAt);
      if (!isSet) this.#values.dataValues[updatedAt] = timestampFor(this.#model, updatedAt);
      addTo(fields, [updatedAt]);
    }
    if (version) addTo(fields, [version]);
  }

  async #validate(names: readonly string[]): Promise<void> {
    if (this.#options.validate === false) return;
    const skip = Object.keys(this.#model.getAttributes()).filter((name) => !names.includes(name));
    await this.#instance.validate({ ...this.#options, skip });
  }
}

function timestampFor(model: Internals, attribute: string): unknown {
  return model._getDefaultTimestamp(attribute) || new Date();
}

function addTo(fields: string[], names: readonly string[]): void {
  fields.push(...names.filter((name) => !fields.includes(name)));
}
