import type { Model } from 'sequelize';
import { type CallForRows, UnsavedValues } from '../../sequelize/index.js';
import type { Cascade, Roots } from '../cascades/cascade.js';

/** The rows of a deletion of many that is to tell of each. */
export class DeletedRows {
  readonly #call: CallForRows;
  readonly #cascade: Cascade | undefined;
  #rows: readonly Model[] = [];

  /** @param cascade - is what the rows take along, where that is not left to the database. */
  constructor(call: CallForRows, cascade: Cascade | undefined) {
    this.#call = call;
    this.#cascade = cascade;
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
    if (this.#cascade) await this.#cascade.before(this.#roots());
    else await this.#beforeEach();
    if (call.isSoft) await this.#saveChanges();
    call.keepToRows();
  }

  /** Runs what comes after each is deleted. */
  async after(): Promise<void> {
    if (this.#call.isSoft) await this.#call.showStored(this.#rows);
    if (this.#cascade) await this.#cascade.after();
    else for (const row of this.#rows) await this.#call.run('afterDestroy', row);
    this.#call.restore();
  }

  /** Whether other rows were deleted than those that were loaded. */
  isOtherThan(count: number | undefined): boolean {
    return typeof count === 'number' && count !== this.#rows.length;
  }

  #roots(): Roots {
    const call = this.#call;
    return {
      model: call.model,
      rows: this.#rows,
      areLoaded: true,
      before: (row) => call.run('beforeDestroy', row),
      after: (row) => call.run('afterDestroy', row),
    };
  }

  async #beforeEach(): Promise<void> {
    for (const row of this.#rows) await this.#call.run('beforeDestroy', row);
    if (this.#call.isSoft) return;
    for (const row of this.#rows) await this.#call.deleteDependants(row);
  }

  async #saveChanges(): Promise<void> {
    for (const row of this.#rows) {
      const unsaved = new UnsavedValues(row);
      if (!unsaved.isEmpty) await this.#call.save(unsaved);
    }
  }
}
