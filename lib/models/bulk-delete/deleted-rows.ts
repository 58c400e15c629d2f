import type { Model } from 'sequelize';
import { type CallForRows, UnsavedValues } from '../../sequelize/index.js';

/** The rows of a deletion of many that is to tell of each. */
export class DeletedRows {
  readonly #call: CallForRows;
  #rows: readonly Model[] = [];

  constructor(call: CallForRows) {
    this.#call = call;
  }

  /**
   * Loads the rows and runs what comes before each is deleted. What that changes in rows that stay
   * is stored, as by `destroy()` of an instance.
   *
   * @param loaded - is told of the rows before anything is done to them.
   */
  async before(loaded: (rows: readonly Model[]) => void): Promise<void> {
    const call = this.#call;
    this.#rows = await call.loadRows();
    loaded(this.#rows);
    for (const row of this.#rows) await call.run('beforeDestroy', row);
    if (call.isSoft) await this.#saveChanges();
    call.keepToRows();
  }

  /** Runs what comes after each is deleted. */
  async after(): Promise<void> {
    if (this.#call.isSoft) await this.#call.showStored(this.#rows);
    for (const row of this.#rows) await this.#call.run('afterDestroy', row);
    this.#call.restore();
  }

  /** Whether other rows were deleted than those that were loaded. */
  isOtherThan(count: number | undefined): boolean {
    return typeof count === 'number' && count !== this.#rows.length;
  }

  async #saveChanges(): Promise<void> {
    for (const row of this.#rows) {
      const unsaved = new UnsavedValues(row);
      if (!unsaved.isEmpty) await this.#call.save(unsaved);
    }
  }
}
