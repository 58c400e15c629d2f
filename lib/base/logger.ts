import { InvalidArgumentError } from './errors.js';

/** Where the library reports what it must not throw. `console` is one. */
export interface Logger {
  /** A receiver or callback failed and the failure was asked to be survived. */
  error(message: string, error: unknown): void;
  /** Something looks wrong, such as a block that waits very long for another. */
  warn(message: string): void;
}

let current: Logger = console;

/** The logger in force. */
export function logger(): Logger {
  return current;
}

/** Settings of the library for the whole process. */
export interface Configuration {
  /** Replaces `console`; `null` goes back to it. */
  readonly logger?: Logger | null | undefined;
}

/**
 * Sets what the library does in the whole process. Settings that are not named stay as they are.
 *
 * @example
 * ```ts
 * import { configure } from 'sequelize-signals';
 *
 * configure({ logger: { error: (message, error) => console.error(message, error), warn: console.warn } });
 * ```
 * @throws {@link InvalidArgumentError} when `logger` lacks `error` or `warn`.
 */
export function configure(configuration: Configuration): void {
  const wanted = configuration?.logger;
  if (wanted === undefined) return;
  if (wanted === null) {
    current = console;
    return;
  }
  if (typeof wanted.error !== 'function' || typeof wanted.warn !== 'function') {
    throw new InvalidArgumentError(
      'configure({ logger }) needs an object with the methods error() and warn().',
    );
  }
  current = wanted;
}
