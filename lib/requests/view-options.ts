import type { ServerResponse } from 'node:http';
import { checkOptions, InvalidArgumentError, type OptionRules } from '../base/index.js';
import {
  type AtomicOptions,
  atomicRules,
  type RetryOptions,
  USING,
  type Using,
} from '../transactions/index.js';

/** Options of atomic views. */
export interface AtomicViewOptions
  extends Pick<AtomicOptions, 'isolationLevel' | 'readOnly' | 'type' | 'deferrable'> {
  /**
   * The databases that the view is atomic on: an alias, a Sequelize instance, or several of them,
   * whose blocks nest in this order.
   *
   * @defaultValue 'default'
   */
  readonly using?: Using | readonly Using[] | undefined;
  /**
   * Runs the view again after a serialization failure or a deadlock, with an answer that is empty
   * again. Only for views that may be repeated, and for one database.
   */
  readonly retry?: RetryOptions | undefined;
  /**
   * Is asked before the COMMIT whether the view is to be rolled back although it answered. The
   * answer leaves all the same. Without it every answer is stored, a status of 500 too.
   */
  readonly rollbackOn?: ((response: ServerResponse) => boolean) | undefined;
  /**
   * How many milliseconds a view may take to answer once there is no promise of it to wait for.
   * When they are over, what it did is rolled back, and the request fails.
   *
   * @defaultValue 30000
   */
  readonly grace?: number | undefined;
  /**
   * How many bytes a view may write on, while its transaction is being committed, before the
   * response is cut off. `write()` returns false from the first one.
   *
   * @defaultValue 16777216
   */
  readonly maxHeld?: number | undefined;
}

const RULES: OptionRules = {
  ...atomicRules('isolationLevel', 'readOnly', 'type', 'deferrable', 'retry'),
  using: {
    accepts: (value) =>
      Array.isArray(value) ? value.length > 0 && value.every(USING.accepts) : USING.accepts(value),
    expected: `${USING.expected}, or a list of them`,
  },
  rollbackOn: { accepts: (value) => typeof value === 'function', expected: 'a function' },
  grace: { accepts: isAmount, expected: 'a number of milliseconds' },
  maxHeld: { accepts: isAmount, expected: 'a number of bytes' },
};

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0;
}

/** Throws unless these are options of atomic views. */
export function checkViewOptions(call: string, options: AtomicViewOptions): void {
  checkOptions(call, options, RULES);
  if (options.retry === undefined || usingsOf(options).length === 1) return;
  throw new InvalidArgumentError(
    `${call} cannot have "retry" with several databases: one may be committed when another one fails.`,
  );
}

/** The databases that `options` name. */
export function usingsOf({ using = 'default' }: AtomicViewOptions): readonly Using[] {
  return Array.isArray(using) ? using : [using as Using];
}
