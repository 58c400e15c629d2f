import type { Model } from 'sequelize';
import { isIgnored, isUniqueViolation, type RowWatcher, watchRow } from '../../sequelize/index.js';

/** On the options of a creation: the race in which another one may have come first. */
export const RACE: unique symbol = Symbol('race');

/** The options of a creation that may lose a race. */
export interface InRace {
  readonly [RACE]?: Race | undefined;
}

/**
 * The creation of a row that may be there by now. Only the statement of that very row can lose the
 * race: what receivers and hooks throw may look the same, and is not to be taken for it.
 */
export class Race implements RowWatcher {
  #isOn = false;
  #loss: { readonly error: unknown } | undefined;
  #failed: { readonly error: unknown } | undefined;

  /** Runs the save of the row that is created, which is the first one with these options. */
  async run<Result>(instance: Model, save: () => Promise<Result>): Promise<Result> {
    if (this.#isOn) return save();

    this.#isOn = true;
    const unwatch = watchRow(instance, this);
    try {
      return await save();
    } catch (error) {
      if (!this.isLostBy(error)) this.#failed = { error };
      throw error;
    } finally {
      unwatch();
    }
  }

  wrote(): void {}

  failed(error: unknown): void {
    if (isUniqueViolation(error) || isIgnored(error)) this.#loss = { error };
  }

  /** The error of the statement that came too late; undefined unless the race was lost. */
  get loss(): unknown {
    return this.#loss?.error;
  }

  /** Whether an error is that of the statement that came too late. */
  isLostBy(error: unknown): boolean {
    return this.#loss !== undefined && this.#loss.error === error;
  }

  /** Throws what ended the creation otherwise, whatever Sequelize has made of it. */
  assertNotFailed(): void {
    if (this.#failed) throw this.#failed.error;
  }
}
