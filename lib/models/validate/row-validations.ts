import type { Model } from 'sequelize';

/** On the options of a call for many: the validations of its rows. */
export const ROW_VALIDATIONS: unique symbol = Symbol('row validations');

/** On the options of a validation: that it is one of those. */
export const ROW_VALIDATION: unique symbol = Symbol('row validation');

/** The options of a validation that may be one of several. */
export interface InRowValidations {
  readonly [ROW_VALIDATIONS]?: RowValidations | undefined;
  readonly [ROW_VALIDATION]?: RowValidation | undefined;
}

/**
 * The validations of the rows of one call, one after another: Sequelize begins them all at once, and
 * their receivers share one connection (J-21). It takes what a receiver throws for a fault of the row.
 */
export class RowValidations {
  #last: Promise<unknown> = Promise.resolve();
  #failed: { readonly error: unknown } | undefined;

  /** Validates a row when it is its turn, and none after one whose receiver has failed. */
  inTurn<Result>(
    row: Model,
    validate: (validation: RowValidation) => Promise<Result>,
  ): Promise<Result> {
    const turn = this.#last.then(() => {
      this.assertNotFailed();
      return validate(new RowValidation(row, (error) => this.#fail(error)));
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Throws what a receiver has thrown, as it was thrown. */
  assertNotFailed(): void {
    if (this.#failed) throw this.#failed.error;
  }

  #fail(error: unknown): void {
    this.#failed ??= { error };
  }
}

/** The validation of one row of several. */
export class RowValidation {
  readonly #row: Model;
  readonly #fail: (error: unknown) => void;

  constructor(row: Model, fail: (error: unknown) => void) {
    this.#row = row;
    this.#fail = fail;
  }

  /** Takes note of what a receiver threw. A hook may hand its options on to validate another instance. */
  receiverFailed(instance: Model, error: unknown): void {
    if (instance === this.#row) this.#fail(error);
  }
}
