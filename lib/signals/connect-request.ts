import {
  type ConnectOptions,
  checkConnectOptions,
  checkDisconnectOptions,
  type DisconnectOptions,
} from './connect-options.js';
import { type IdentityKey, identityKey } from './identity-key.js';
import { type AnyReceiver, checkReceiver } from './receiver.js';

/** All that a connect asks for, but the sender: what is connected must not know it (D-041). */
export interface ConnectRequest {
  readonly receiver: AnyReceiver;
  readonly thisArg: object | undefined;
  readonly key: IdentityKey;
  readonly weak: boolean;
  readonly once: boolean;
  readonly abortSignal: AbortSignal | undefined;
}

/** What the arguments of `connect` ask for. */
export function connectRequest(receiver: AnyReceiver, options: ConnectOptions): ConnectRequest {
  checkReceiver(receiver);
  checkConnectOptions('connect()', options);

  const { dispatchUid, thisArg, weak = false, once = false, signal } = options;
  const key = dispatchUid ?? identityKey(receiver, thisArg);
  return { receiver, thisArg, key, weak, once, abortSignal: signal };
}

/** The identity that the arguments of `disconnect` mean, or none (D-029). */
export function requestedKey(
  receiver: AnyReceiver | null | undefined,
  options: DisconnectOptions,
): IdentityKey | undefined {
  const hasReceiver = receiver !== undefined && receiver !== null;
  if (hasReceiver) checkReceiver(receiver);
  checkDisconnectOptions(options);

  const { dispatchUid, thisArg } = options;
  return dispatchUid ?? (hasReceiver ? identityKey(receiver, thisArg) : undefined);
}
