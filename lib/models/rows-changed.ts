import type { Model, ModelStatic } from 'sequelize';
import { SignalsError } from '../base/index.js';

/** What a call for many rows fails with when it wrote others than it has told of. */
export function rowsChanged({ name }: ModelStatic<Model>): SignalsError {
  return new SignalsError(
    'SIGNALS_ROWS_CHANGED',
    `Rows of ${name} were changed by others, or by a trigger, between the signals before they were ` +
      'written and the write. Run it in atomic(), or try it again.',
  );
}
