import type { Model } from 'sequelize';
import type { Memento } from '../blocks/index.js';

type Values = Record<string, unknown>;

/** The options that an instance was made with, or loaded again with. */
interface InstanceOptions {
  readonly include?: readonly { readonly as: string }[];
  readonly includeNames?: readonly string[];
}

/** The members in which an instance keeps its state. */
interface Members {
  dataValues: Values;
  _previousDataValues: Values;
  _changed: Set<string>;
  _options: InstanceOptions;
  isNewRecord: boolean;
}

function membersOf(instance: object): Members {
  return instance as Members;
}

/** All that an instance knows of its row, as it was at one moment. */
export class InstanceState implements Memento<object> {
  readonly #values: Values;
  readonly #previous: Values;
  readonly #changed: ReadonlySet<string>;
  readonly #options: InstanceOptions;
  readonly #isNew: boolean;
  /** What the write itself changed and did not save, as hooks do before an INSERT that fails. */
  #unsavedByWrite: Map<string, unknown> | undefined;

  constructor(instance: Model) {
    const members = membersOf(instance);
    this.#values = { ...members.dataValues };
    this.#previous = { ...members._previousDataValues };
    this.#changed = new Set(members._changed);
    this.#options = members._options;
    this.#isNew = members.isNewRecord;
  }

  /** Notes that the write before which this was the state has ended, however it did. */
  writeEnded(instance: Model): void {
    const { _changed: changed, dataValues } = membersOf(instance);
    for (const name of changed) {
      if (dataValues[name] === this.#values[name]) continue;
      this.#unsavedByWrite ??= new Map();
      this.#unsavedByWrite.set(name, dataValues[name]);
    }
  }

  /** Gives the instance this state again, and leaves it what the application set and did not save. */
  putBack(instance: object): void {
    const members = membersOf(instance);
    const { dataValues } = members;
    const unsaved = [...members._changed].filter((name) => !this.#isOfWrite(name, dataValues));
    const values = { ...this.#values };
    for (const name of unsaved) values[name] = dataValues[name];

    if (members._options !== this.#options) putBackIncluded(instance, members._options, values);
    members.dataValues = values;
    members._previousDataValues = { ...this.#previous };
    members._changed = new Set([...this.#changed, ...unsaved]);
    members._options = this.#options;
    members.isNewRecord = this.#isNew;
  }

  #isOfWrite(name: string, dataValues: Values): boolean {
    const left = this.#unsavedByWrite;
    return !!left?.has(name) && left.get(name) === dataValues[name];
  }
}

/** Has an instance that was loaded again show the instances it had with it before. */
function putBackIncluded(instance: object, options: InstanceOptions, values: Values): void {
  for (const name of options.includeNames ?? []) {
    if (name in values) Reflect.set(instance, name, values[name]);
    else Reflect.deleteProperty(instance, name);
  }
}

/** An instance and those that a save of it saves as well: those it was built with. */
export function savedTogether(instance: Model): readonly Model[] {
  const { isNewRecord, _options, dataValues } = membersOf(instance);
  if (!isNewRecord || !_options.include?.length) return [instance];

  const built = _options.include.flatMap(({ as }): unknown => dataValues[as] ?? []) as Model[];
  return [instance, ...built.flatMap(savedTogether)];
}
