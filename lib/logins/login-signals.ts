import type { Model } from 'sequelize';
import { ModelSignal, type PayloadBySender } from '../models/index.js';
import { Signal } from '../signals/index.js';
import type { CleanedCredentials } from './clean-credentials.js';

/**
 * What requests and users are in an application, for it to declare: receivers know them then. Where
 * nothing is declared, both are objects.
 *
 * @example
 * ```ts
 * import type { Request } from 'express';
 * import { userLoggedIn } from 'sequelize-signals/auth';
 *
 * declare module 'sequelize-signals/auth' {
 *   interface LoginTypes {
 *     request: Request;
 *     user: { readonly name: string };
 *   }
 * }
 *
 * userLoggedIn.connect(({ request, user }) => console.log(user.name, request.ip));
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: applications add to it
export interface LoginTypes {}

/** A request, of the kind that an application has declared in {@link LoginTypes}. */
export type LoginRequest = Declared<'request'>;

/** A user, of the kind that an application has declared in {@link LoginTypes}. */
export type LoginUser = Declared<'user'>;

type Declared<Name extends string> =
  LoginTypes extends Readonly<Record<Name, infer Type>> ? Type : object;

/** What receivers of `userLoggedIn` get. */
export interface UserLoggedIn<User = LoginUser> {
  /** The request, as the framework has it. */
  readonly request: LoginRequest;
  readonly user: User;
}

/** What receivers of `userLoggedOut` get. */
export interface UserLoggedOut<User = LoginUser> {
  /** The request, as the framework has it; its session is still there. */
  readonly request: LoginRequest;
  /** Who logged out; `null` where nobody was logged in. */
  readonly user: User | null;
}

/** What receivers of `userLoginFailed` get. */
export interface UserLoginFailed {
  /** What the login was tried with, without its secrets. */
  readonly credentials: CleanedCredentials;
  /** The request, as the framework has it, with all that its client sent. */
  readonly request: LoginRequest | undefined;
}

/** The user of a sender: an instance of its model, and without a sender whoever it may be. */
type UserOf<Instance> = Model extends Instance ? LoginUser : Instance;

/** The payload of `userLoggedIn`, for the model of the users. */
export interface UserLoggedInBySender extends PayloadBySender {
  readonly payload: UserLoggedIn<UserOf<this['instance']>>;
}

/** The payload of `userLoggedOut`, for the model of the users. */
export interface UserLoggedOutBySender extends PayloadBySender {
  readonly payload: UserLoggedOut<UserOf<this['instance']>>;
}

/**
 * Sent when a user has logged in and the session is there. The sender is the model of the user, or `null`
 * for a user that is no instance of a model. It is sent robustly: an error of a receiver changes nothing
 * about the login, and is logged.
 */
export const userLoggedIn: ModelSignal<UserLoggedInBySender> =
  new ModelSignal<UserLoggedInBySender>({ name: 'userLoggedIn' });

/**
 * Sent when a user is about to log out, before the session is gone. The sender is the model of the user, or
 * `null` for a user that is no instance of a model, and where nobody is logged in. It is sent robustly.
 */
export const userLoggedOut: ModelSignal<UserLoggedOutBySender> =
  new ModelSignal<UserLoggedOutBySender>({ name: 'userLoggedOut' });

/**
 * Sent once when a login has failed, whatever was tried for it. There is no sender. Secrets are replaced
 * by stars, as by `cleanCredentials`. It is sent robustly.
 */
export const userLoginFailed: Signal<UserLoginFailed> = new Signal<UserLoginFailed>({
  name: 'userLoginFailed',
});
