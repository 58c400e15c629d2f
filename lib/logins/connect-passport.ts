import { checkOptions, InvalidArgumentError, type OptionRules, show } from '../base/index.js';
import type { LoginRequest } from './login-signals.js';
import { kindOf, PassportConnection } from './passport-connection.js';

/** What `connectPassport` needs of a Passport to begin with. */
export interface PassportLike {
  // biome-ignore lint/suspicious/noExplicitAny: it is called with whatever it was called with.
  authenticate(...parameters: any[]): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  authorize(...parameters: any[]): unknown;
}

/** Options of `connectPassport`. */
export interface ConnectPassportOptions {
  /**
   * The names of the strategies by which users log in, as in `['local']`. The failures of others are none of
   * a login: whoever has not logged in fails those that look for a token with each request.
   */
  readonly login: readonly string[];
  /**
   * Takes the credentials out of a request that failed. Its secrets are replaced by stars afterwards, as by
   * `cleanCredentials`.
   *
   * @defaultValue the body of the request
   */
  readonly credentials?:
    | ((request: LoginRequest) => object | null | undefined | Promise<object | null | undefined>)
    | undefined;
}

const RULES: OptionRules = {
  login: {
    accepts: (value) => Array.isArray(value) && value.every((name) => isName(name)),
    expected: "a list of names of strategies, as ['local']",
  },
  credentials: { accepts: (value) => typeof value === 'function', expected: 'a function' },
};

const connected = new WeakSet<object>();

/**
 * Sends `userLoggedIn`, `userLoggedOut` and `userLoginFailed` for a Passport: that of `passport` 0.7, or one
 * of `@fastify/passport`. Call it before the routes that log in are defined.
 *
 * @remarks
 * - `userLoggedIn` is sent when `logIn` has stored the user in the session, before whoever called it goes on;
 *   not with `session: false`, by which nobody is logged in.
 * - `userLoggedOut` is sent when `logOut` is called, before the user is taken out of the session. For requests
 *   that came by `passport.session()` or `secureSession()`, as without nobody knows the user.
 * - `userLoginFailed` is sent once when all strategies of a route have failed and one of them is in `login`,
 *   before the answer. Strategies may be given by name, or as instances, which are known by their own name.
 *
 * All three are sent robustly, and waited for; the answer is what it is without them. Several Passports are
 * connected one by one.
 *
 * @example
 * ```ts
 * import passport from 'passport';
 * import { userLoginFailed } from 'sequelize-signals/auth';
 * import { connectPassport } from 'sequelize-signals/passport';
 *
 * userLoginFailed.connect(({ credentials }) => console.warn('no login for', credentials.username));
 *
 * const disconnect = connectPassport(passport, { login: ['local'] });
 * disconnect();
 * ```
 * @returns the undo. Requests that are under way end without a signal.
 * @throws {@link InvalidArgumentError} when it is given anything but a Passport, or one that is connected, or
 * an option is missing, unknown or of the wrong kind.
 */
export function connectPassport(
  passport: PassportLike,
  options: ConnectPassportOptions,
): () => void {
  const kind = kindOf(passport);
  if (kind === undefined) {
    throw new InvalidArgumentError(
      `connectPassport() needs the passport of "passport" 0.7 or of "@fastify/passport", not ${show(passport)}.`,
    );
  }
  checkOptions('connectPassport()', options, RULES);
  if (options.login === undefined) {
    throw new InvalidArgumentError(
      'connectPassport() needs the option "login": the names of the strategies by which users log in, as in { login: [\'local\'] }.',
    );
  }
  if (connected.has(passport)) {
    throw new InvalidArgumentError(
      'connectPassport() was called for this passport before. Name all strategies in one call, or undo the first.',
    );
  }
  connected.add(passport);
  const connection = new PassportConnection(passport, kind, options);
  return () => {
    if (connection.end()) connected.delete(passport);
  };
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
