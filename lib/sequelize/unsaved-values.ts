import { isDeepStrictEqual } from 'node:util';
import type { Model } from 'sequelize';
import { columnsOf, modelOf, writeTimeOf } from './models.js';

type Values = Record<string, unknown>;

/** The members in which an instance keeps what is different from its row. */
interface Members {
  dataValues: Values;
  _previousDataValues: Values;
  _changed: Set<string>;
}

/**
 * Gives a row the values of an update of many: setters have had them already. As with `save()`, the
 * time of the write is nothing that was changed.
 */
export function setValues(row: Model, values: Values): void {
  const writeTime = writeTimeOf(modelOf(row));
  for (const [name, value] of Object.entries(values)) {
    if (name === writeTime) membersOf(row).dataValues[name] = value;
    else row.setDataValue(name as never, value as never);
  }
}

/** Has an instance show what is stored of its row. */
export function showStored(row: Model, stored: Values): void {
  const { dataValues, _previousDataValues: previous } = membersOf(row);
  Object.assign(dataValues, stored);
  Object.assign(previous, stored);
}

/**
 * What is different between an instance and its row, before it is written. An instance forgets that
 * as it is saved, and is to tell it once more: to those who hear of the save.
 */
export class UnsavedValues {
  readonly row: Model;
  /** The values that have a column. */
  readonly values: Values;
  readonly #previous: Values;
  readonly #changed: ReadonlySet<string>;

  /** @param fields - are all that is written; left out, everything is. */
  constructor(row: Model, fields?: readonly string[]) {
    const { dataValues, _previousDataValues: previous, _changed: changed } = membersOf(row);
    this.row = row;
    this.#previous = { ...previous };
    this.#changed = new Set(changed);
    const written = columnsOf(modelOf(row)).filter(
      (name) =>
        (changed.has(name) || !isDeepStrictEqual(dataValues[name], previous[name])) &&
        (fields === undefined || fields.includes(name)),
    );
    this.values = Object.fromEntries(written.map((name) => [name, dataValues[name]]));
  }

  /** The fields that are different. */
  get fields(): string[] {
    return Object.keys(this.values);
  }

  /** Whether there is nothing to be written, but the time of it. */
  get isEmpty(): boolean {
    const writeTime = writeTimeOf(modelOf(this.row));
    return this.fields.every((name) => name === writeTime);
  }

  /** Takes back that it was written, where it is not. */
  forgetWriteTime(): void {
    const writeTime = writeTimeOf(modelOf(this.row));
    if (writeTime) membersOf(this.row).dataValues[writeTime] = this.#previous[writeTime];
  }

  /** Has an instance that is saved tell again what was different. */
  show(): void {
    const members = membersOf(this.row);
    members._previousDataValues = { ...members._previousDataValues };
    for (const name of this.fields) members._previousDataValues[name] = this.#previous[name];
    members._changed = new Set([...members._changed, ...this.#changed]);
  }

  /** Has it forget that. */
  settle(): void {
    const members = membersOf(this.row);
    for (const name of this.fields) {
      members._previousDataValues[name] = members.dataValues[name];
      members._changed.delete(name);
    }
  }
}

function membersOf(instance: Model): Members {
  return instance as unknown as Members;
}
