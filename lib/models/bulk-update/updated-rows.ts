import { isDeepStrictEqual } from 'node:util';
import type { Model } from 'sequelize';
import { type CallForRows, setValues, UnsavedValues } from '../../sequelize/index.js';
import { rowsChanged } from '../rows-changed.js';

/**
 * The rows of an update of many that is to tell of each. As in Sequelize they are written at once
 * where all get the same values, and else one by one; but with everything that their hooks and
 * receivers set.
 */
export class UpdatedRows {
  readonly #call: CallForRows;
  readonly #namedFields: readonly string[] | undefined;
  #rows: readonly Model[] = [];
  #unsaved: readonly UnsavedValues[] = [];
  /** How many were written one by one; undefined where Sequelize's statement counts them. */
  #saved: number | undefined;

  /** @param namedFields - are those that the caller named, and more is not written. */
  constructor(call: CallForRows, namedFields: readonly string[] | undefined) {
    this.#call = call;
    this.#namedFields = namedFields;
  }

  /**
   * Loads the rows, runs what comes before each is updated, and writes them, or has Sequelize do so.
   *
   * @param loaded - is told of the rows before anything is done to them.
   */
  async before(loaded: (rows: readonly Model[]) => void): Promise<void> {
    const call = this.#call;
    this.#rows = await call.loadRows();
    loaded(this.#rows);
    for (const row of this.#rows) {
      setValues(row, call.values);
      await call.run('beforeUpdate', row);
    }
    this.#unsaved = this.#rows.map(
      (row) => new UnsavedValues(row, this.#namedFields && call.fields),
    );
    await this.#write();
  }

  /**
   * Runs what comes after each is updated.
   *
   * @throws `SIGNALS_ROWS_CHANGED` when rows are not there any more.
   */
  async after(): Promise<void> {
    const call = this.#call;
    if (!this.#isCounted && !(await call.areThere(this.#rows))) throw rowsChanged(call.model);
    if (call.returnsStored) await call.showStored(this.#rows);
    for (const unsaved of this.#unsaved) {
      unsaved.show();
      await call.run('afterUpdate', unsaved.row);
      unsaved.settle();
    }
    call.restore();
  }

  /**
   * What Sequelize's call is to resolve to, for what its statement did.
   *
   * @throws `SIGNALS_ROWS_CHANGED` when it did not find all of the rows.
   */
  resultOf([counted]: readonly unknown[]): [count: number, rows: readonly Model[]] {
    const count = this.#saved ?? (counted as number);
    if (this.#isCounted && count !== this.#rows.length) throw rowsChanged(this.#call.model);
    return [count, this.#rows];
  }

  /** Whether the result tells how many of the rows were there to be written. */
  get #isCounted(): boolean {
    return this.#saved === undefined && this.#call.countsAllRows;
  }

  async #write(): Promise<void> {
    const [first] = this.#unsaved;
    if (first === undefined || this.#unsaved.every(({ isEmpty }) => isEmpty)) return this.#leave();
    if (this.#unsaved.every(({ values }) => isDeepStrictEqual(values, first.values))) {
      return this.#call.write(first.values);
    }
    for (const unsaved of this.#unsaved) await this.#call.save(unsaved);
    this.#saved = this.#rows.length;
    this.#call.writeNothing();
  }

  #leave(): void {
    for (const unsaved of this.#unsaved) unsaved.forgetWriteTime();
    this.#saved = 0;
    this.#call.writeNothing();
  }
}
