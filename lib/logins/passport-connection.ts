import { dressAs, isObject, isThenable, logger, override, peek } from '../base/index.js';
import type { ConnectPassportOptions, PassportLike } from './connect-passport.js';
import {
  type LoginRequest,
  type LoginUser,
  userLoggedIn,
  userLoggedOut,
  userLoginFailed,
} from './login-signals.js';
import { observeStrategy, type Strategy } from './observed-strategy.js';
import {
  senderOf,
  sendUserLoggedIn,
  sendUserLoggedOut,
  sendUserLoginFailed,
} from './send-logins.js';

type Method = (...parameters: unknown[]) => unknown;
type Callback = (error?: unknown, ...others: unknown[]) => unknown;

/** Where one kind of Passport has what is needed of it. */
interface Kind {
  /** Its method that looks a strategy up by its name. */
  readonly strategy: string;
  readonly sessionManager: string;
  /** Where the user of a request is. */
  userProperty(passport: PassportLike, request: object): string;
  /** Whether `logOut` returns a promise, or else takes a callback. */
  readonly logsOutByPromise: boolean;
  /** The strategy on which it puts its actions for a request, for one that was given as an instance. */
  ofRequest(instance: Strategy): Strategy;
}

const KINDS: readonly Kind[] = [
  {
    strategy: '_strategy',
    sessionManager: '_sm',
    logsOutByPromise: false,
    userProperty: (_passport, request) => String(peek(request, '_userProperty') ?? 'user'),
    ofRequest: (instance) => instance,
  },
  {
    strategy: 'strategy',
    sessionManager: 'sessionManager',
    logsOutByPromise: true,
    userProperty: (passport) => String(peek(passport, 'userProperty')),
    ofRequest: (instance) => Object.create(instance),
  },
];

/** Which kind of Passport this is, if it is any. */
export function kindOf(passport: unknown): Kind | undefined {
  const methods = ['authenticate', 'authorize'];
  return KINDS.find(
    ({ strategy, sessionManager }) =>
      [...methods, strategy].every((name) => typeof peek(passport, name) === 'function') &&
      ['logIn', 'logOut'].every(
        (name) => typeof peek(peek(passport, sessionManager), name) === 'function',
      ),
  );
}

/**
 * Hears of the logins of one Passport, which has no events: of logins from its session manager; of logouts
 * from the requests themselves, as the user is gone when the session manager hears of them; and of failures
 * from the strategies of a route, which stand-ins take the places of for each request.
 */
export class PassportConnection {
  readonly #passport: PassportLike;
  readonly #kind: Kind;
  readonly #options: ConnectPassportOptions;
  readonly #lookUp: (name: string) => Strategy | undefined;
  readonly #undos: (() => boolean)[] = [];
  readonly #watched = new WeakSet<object>();
  #isConnected = true;
  #hasWarned = false;

  constructor(passport: PassportLike, kind: Kind, options: ConnectPassportOptions) {
    this.#passport = passport;
    this.#kind = kind;
    this.#options = options;
    this.#lookUp = methodOf(passport, kind.strategy) as (name: string) => Strategy | undefined;
    const sessionManager = peek(passport, kind.sessionManager) as object;
    this.#replace(sessionManager, 'logIn', (logIn) => this.#logIn(logIn));
    this.#replace(passport, kind.strategy, () => (name) => this.#strategy(String(name)));
    this.#replace(passport, 'authenticate', (make) => this.#route(make, true));
    // It links accounts and logs nobody in, but looks strategies up in the same way.
    this.#replace(passport, 'authorize', (make) => this.#route(make, false));
  }

  /** Sends nothing from now on, also for routes that were made meanwhile. False when it had ended before. */
  end(): boolean {
    const was = this.#isConnected;
    this.#isConnected = false;
    for (const undo of this.#undos.splice(0)) undo();
    return was;
  }

  #replace(target: object, name: string, wrap: (original: Method) => Method): void {
    this.#undos.push(override(target, name, { value: wrap(methodOf(target, name)) }));
  }

  #logIn(logIn: Method): Method {
    return (...parameters) => {
      const [request, user] = parameters as [LoginRequest, LoginUser];
      const at = parameters.findLastIndex((parameter) => typeof parameter === 'function');
      if (at < 0) return this.#whenFulfilled(logIn(...parameters), request, user);

      const done = parameters[at] as Callback;
      const loggedIn: Callback = (error, ...others) => {
        const goOn = () => done(error, ...others);
        if (error) goOn();
        else this.#afterLogin(request, user, goOn);
      };
      return logIn(...parameters.with(at, loggedIn));
    };
  }

  #whenFulfilled(returned: unknown, request: LoginRequest, user: LoginUser): unknown {
    if (!isThenable(returned)) return returned;
    return returned.then(
      (result) =>
        new Promise((resolve) => {
          this.#afterLogin(request, user, () => resolve(result));
        }),
    );
  }

  #afterLogin(request: LoginRequest, user: LoginUser, goOn: () => unknown): void {
    const isHeard = this.#isConnected && userLoggedIn.hasListeners(senderOf(user));
    this.#watch(request);
    if (isHeard) afterwards(sendUserLoggedIn({ request, user }), goOn);
    else goOn();
  }

  /** Is given to whoever looks a strategy up, which are the routes. */
  #strategy(name: string): Strategy | undefined {
    const strategy = this.#lookUp(name);
    const isLogin = this.#options.login.includes(name);
    if (strategy === undefined || (name !== 'session' && !isLogin)) return strategy;

    const watching: Strategy = Object.create(strategy);
    const connection = this;
    watching.authenticate = function (this: Strategy, request, ...others) {
      connection.#watch(request);
      if (isLogin) connection.#warnOfRoute(name);
      return Reflect.apply(strategy.authenticate, this, [request, ...others]);
    };
    return watching;
  }

  /** A route that was made later looks no strategy up from here. */
  #warnOfRoute(name: string): void {
    if (this.#hasWarned || !userLoginFailed.hasListeners(null)) return;
    this.#hasWarned = true;
    logger().warn(
      `userLoginFailed is not sent for a route of the strategy "${name}": its passport.authenticate() was ` +
        'called before connectPassport(). Connect first, and define the routes after that.',
    );
  }

  /** Has a request tell of its logout. */
  #watch(request: unknown): void {
    if (!isObject(request) || this.#watched.has(request)) return;
    this.#watched.add(request);
    for (const name of ['logout', 'logOut']) {
      const logOut = peek(request, name);
      if (typeof logOut !== 'function') continue;
      override(request, name, {
        value: (...parameters: unknown[]) =>
          this.#logOut(request, parameters, (...given) => Reflect.apply(logOut, request, given)),
      });
    }
  }

  #logOut(request: object, parameters: readonly unknown[], logOut: Method): unknown {
    const user = this.#userOf(request);
    if (!this.#isConnected || !userLoggedOut.hasListeners(senderOf(user))) {
      return logOut(...parameters);
    }
    const send = () => sendUserLoggedOut({ request: request as LoginRequest, user });
    if (this.#kind.logsOutByPromise) return send().then(() => logOut(...parameters));

    // Without a callback it throws, or there is no session that anybody could log out of.
    const hasCallback = parameters.some((parameter) => typeof parameter === 'function');
    if (!hasCallback) return logOut(...parameters);
    afterwards(send(), () => logOut(...parameters));
    return undefined;
  }

  #userOf(request: object): LoginUser | null {
    const user = peek(request, this.#kind.userProperty(this.#passport, request));
    return (user ?? null) as LoginUser | null;
  }

  /** Has the routes that are made from now on tell of their failures. */
  #route(make: Method, tells: boolean): Method {
    return (given, ...others) => {
      const plain = make(given, ...others) as Method;
      const strategies = [given].flat() as readonly (string | Strategy)[];
      if (!strategies.some((strategy) => this.#isLogin(strategy))) return plain;

      const connection = this;
      const { authenticate } = {
        authenticate(this: unknown, ...parameters: unknown[]): unknown {
          if (!connection.#isConnected) return Reflect.apply(plain, this, parameters);
          const failed = connection.#failures(parameters[0], tells ? strategies.length : 0);
          const observed = strategies.map((strategy) => connection.#observe(strategy, failed));
          const route = make(Array.isArray(given) ? observed : observed[0], ...others) as Method;
          return Reflect.apply(route, this, parameters);
        },
      };
      return dressAs(authenticate, plain);
    };
  }

  #isLogin(strategy: string | Strategy): boolean {
    const name = nameOf(strategy);
    return name !== undefined && this.#options.login.includes(name);
  }

  #observe(strategy: string | Strategy, failed: (goOn: () => void) => void): string | Strategy {
    if (typeof strategy !== 'string') {
      const ofRequest = () => this.#kind.ofRequest(strategy);
      return observeStrategy(strategy.name, ofRequest, failed);
    }
    const known = this.#lookUp(strategy);
    // Passport says itself what is wrong with a name that it does not know.
    if (known === undefined) return strategy;
    return observeStrategy(strategy, () => Object.create(known), failed);
  }

  /** Counts the strategies of a route that fail for a request, and tells of the last. */
  #failures(request: unknown, ofStrategies: number): (goOn: () => void) => void {
    let left = ofStrategies;
    return (goOn) => {
      this.#watch(request);
      left -= 1;
      const isHeard = this.#isConnected && userLoginFailed.hasListeners(null);
      if (left === 0 && isHeard) afterwards(this.#sendFailure(request as LoginRequest), goOn);
      else goOn();
    };
  }

  async #sendFailure(request: LoginRequest): Promise<void> {
    await sendUserLoginFailed({ credentials: await this.#credentialsOf(request), request });
  }

  async #credentialsOf(request: LoginRequest): Promise<object> {
    const { credentials = bodyOf } = this.#options;
    try {
      const given: unknown = await credentials(request);
      return isObject(given) ? given : {};
    } catch (error) {
      logger().error('The option "credentials" of connectPassport() failed.', error);
      return {};
    }
  }
}

function methodOf(target: object, name: string): Method {
  const method = Reflect.get(target, name) as Method;
  return (...parameters) => Reflect.apply(method, target, parameters);
}

function nameOf(strategy: string | Strategy): string | undefined {
  return typeof strategy === 'string' ? strategy : strategy.name;
}

/** What a client sent is an object where somebody has parsed it. */
function bodyOf(request: LoginRequest): object | null {
  const body = peek(request, 'body');
  return isObject(body) ? body : null;
}

/** Goes on when a signal has been sent. What is thrown from there on is no error of the promise. */
function afterwards(sent: Promise<unknown>, goOn: () => unknown): void {
  const leave = () => queueMicrotask(goOn);
  sent.then(leave, (error) => {
    logger().error('A signal of a login could not be sent.', error);
    leave();
  });
}
