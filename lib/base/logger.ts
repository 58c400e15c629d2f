import { checkOptions, type OptionRules } from './options.js';
import { textOf } from './thrown.js';

/** Where the library reports what it must not throw. `console` is one. */
export interface Logger {
  /** A receiver or callback failed and the failure was asked to be survived. */
  error(message: string, error: unknown): void;
  /** Something looks wrong, such as a block that waits very long for another. */
  warn(message: string): void;
}

let current: Logger = console;

/** The logger in force, which never fails: what is left to do after a log matters more than the log. */
const guarded: Logger = {
  error: (message, error) => attempt(message, () => current.error(message, error)),
  warn: (message) => attempt(message, () => current.warn(message)),
};

/** The logger in force. Whatever it does, its methods return. */
export function logger(): Logger {
  return guarded;
}

/** Has the logger say `message`, and where it fails the console. An asynchronous one fails later. */
function attempt(message: string, log: () => unknown): void {
  const failed = (failure: unknown) => sayOnConsole(message, failure);
  try {
    Promise.resolve(log()).catch(failed);
  } catch (failure) {
    failed(failure);
  }
}

/** The console is given no more than text: it may be what has failed, at a value that cannot be shown. */
function sayOnConsole(message: string, failure: unknown): void {
  try {
    console.error(`${message} (The logger failed to say so: ${textOf(failure)})`);
  } catch {
    // There is nobody left to tell.
  }
}

/** Settings of the library for the whole process. */
export interface Configuration {
  /** Replaces `console`; `null` goes back to it. */
  readonly logger?: Logger | null | undefined;
}

const RULES: OptionRules = {
  logger: { accepts: isLogger, expected: 'an object with the methods error() and warn(), or null' },
};

function isLogger(value: unknown): boolean {
  if (value === null) return true;
  const { error, warn } = Object(value) as Partial<Logger>;
  return typeof error === 'function' && typeof warn === 'function';
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
 * @throws {@link InvalidArgumentError} when `logger` lacks `error` or `warn`, or a setting is unknown.
 */
export function configure(configuration: Configuration): void {
  checkOptions('configure()', configuration, RULES);
  const { logger: wanted } = configuration;
  if (wanted !== undefined) current = wanted ?? console;
}
