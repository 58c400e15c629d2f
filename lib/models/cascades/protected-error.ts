import type { Model } from 'sequelize';
import { SignalsError } from '../../base/index.js';

/**
 * Thrown by `destroy()` with `cascades: 'signals'` when rows refer to what would be deleted by an
 * association with `onDelete: 'RESTRICT'`. Nothing was deleted then, and no signal of a row sent.
 */
export class ProtectedError extends SignalsError {
  /** The rows that refer to it, each once: they have to be deleted, or to refer to others, first. */
  readonly rows: readonly Model[];

  constructor(message: string, rows: readonly Model[], options?: ErrorOptions) {
    super('SIGNALS_PROTECTED', message, options);
    this.rows = rows;
  }
}
