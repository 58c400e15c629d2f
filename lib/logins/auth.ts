/**
 * The signals of logins: Django's `user_logged_in`, `user_logged_out` and `user_login_failed`, and how to
 * send them by hand.
 *
 * @packageDocumentation
 */
export { type CleanedCredentials, cleanCredentials } from './clean-credentials.js';
export {
  type LoginRequest,
  type LoginTypes,
  type LoginUser,
  type UserLoggedIn,
  type UserLoggedInBySender,
  type UserLoggedOut,
  type UserLoggedOutBySender,
  type UserLoginFailed,
  userLoggedIn,
  userLoggedOut,
  userLoginFailed,
} from './login-signals.js';
export {
  type FailedLogin,
  sendUserLoggedIn,
  sendUserLoggedOut,
  sendUserLoginFailed,
} from './send-logins.js';
