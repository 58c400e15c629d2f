import type { ModelStatic } from 'sequelize';
import { ANYTHING, checkOptions, isObject, type OptionRules, peek } from '../base/index.js';
import { type Database, isModel, modelItself } from '../sequelize/index.js';
import { type ReceiverResponse, type Signal, sendRobustWithin } from '../signals/index.js';
import { atomic, databases } from '../transactions/index.js';
import { cleanCredentials } from './clean-credentials.js';
import {
  type LoginRequest,
  type UserLoggedIn,
  type UserLoggedOut,
  userLoggedIn,
  userLoggedOut,
  userLoginFailed,
} from './login-signals.js';

const USER_RULES: OptionRules = { request: ANYTHING, user: ANYTHING };
const FAILED_RULES: OptionRules = {
  credentials: { accepts: isObject, expected: 'an object' },
  request: ANYTHING,
};

/**
 * Sends `userLoggedIn`, for a login that nobody tells of: call it when the session is there.
 *
 * @remarks
 * Inside a block, what receivers do is part of it, and each has a savepoint of its own: it is undone where
 * the receiver fails, and the block goes on.
 *
 * @example
 * ```ts
 * import { sendUserLoggedIn } from 'sequelize-signals/auth';
 *
 * export async function logIn(request: { session: { user?: string } }, user: { name: string }) {
 *   request.session.user = user.name;
 *   await sendUserLoggedIn({ request, user });
 * }
 * ```
 * @returns the receivers with what they returned, or with their errors, which are logged.
 * @throws {@link InvalidArgumentError} when it is given anything else.
 */
export async function sendUserLoggedIn(login: UserLoggedIn): Promise<ReceiverResponse[]> {
  checkOptions('sendUserLoggedIn()', login, USER_RULES);
  const { request, user } = login;
  return sendRobustInBlocks(userLoggedIn, senderOf(user), { request, user });
}

/**
 * Sends `userLoggedOut`, for a logout that nobody tells of: call it before the session is gone.
 *
 * @returns the receivers with what they returned, or with their errors, which are logged.
 * @throws {@link InvalidArgumentError} when it is given anything else.
 */
export async function sendUserLoggedOut(logout: UserLoggedOut): Promise<ReceiverResponse[]> {
  checkOptions('sendUserLoggedOut()', logout, USER_RULES);
  const { request, user = null } = logout;
  return sendRobustInBlocks(userLoggedOut, senderOf(user), { request, user });
}

/** A login that failed. */
export interface FailedLogin {
  /** What it was tried with. Receivers get what `cleanCredentials` makes of it. */
  readonly credentials: object;
  readonly request?: LoginRequest | undefined;
}

/**
 * Sends `userLoginFailed`, for a failure that nobody tells of. Its receivers get the credentials as
 * `cleanCredentials` makes them.
 *
 * @returns the receivers with what they returned, or with their errors, which are logged.
 * @throws {@link InvalidArgumentError} when it is given anything else.
 */
export async function sendUserLoginFailed(failed: FailedLogin): Promise<ReceiverResponse[]> {
  checkOptions('sendUserLoginFailed()', failed, FAILED_RULES);
  const { credentials, request } = failed;
  if (!userLoginFailed.hasListeners(null)) return [];
  return sendRobustInBlocks(userLoginFailed, null, {
    credentials: cleanCredentials(credentials),
    request,
  });
}

/** The model of a user; `null` where it has none. */
export function senderOf(user: unknown): ModelStatic<never> | null {
  const model: unknown = peek(user, 'constructor');
  return isModel(model) ? (modelItself(model) as ModelStatic<never>) : null;
}

/**
 * Sends robustly, and has each receiver in a savepoint of the blocks around: an error of the database that
 * it meets would otherwise break the block, and with it the answer.
 */
function sendRobustInBlocks<Payload extends object>(
  signal: Signal<Payload>,
  sender: unknown,
  payload: Payload,
): Promise<ReceiverResponse[]> {
  return sendRobustWithin(signal, sender, payload, (call) => {
    const run = [...databases()].filter(isInSoundBlock).reduceRight<() => unknown>(
      (inner, { sequelize: using }) =>
        () =>
          atomic({ using }, inner),
      call,
    );
    return run();
  });
}

/** Whether a savepoint can be set. In a block that is broken there is nothing left to save. */
function isInSoundBlock({ blocks }: Database): boolean {
  const block = blocks.current();
  return block?.open === true && block.root.failures.current === undefined;
}
