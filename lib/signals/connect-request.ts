import {
  type ConnectOptions,
  checkConnectOptions,
  checkDisconnectOptions,
  type DisconnectOptions,
} from './connect-options.js';
import { type IdentityKey, identityKey } from './identity-key.js';
import { Once } from './once.js';
import { type AnyReceiver, checkReceiver } from './receiver.js';

/** All that a connect asks for, but the senders: what is connected must not know them (D-041). */
export interface ConnectRequest {
  readonly receiver: AnyReceiver;
  readonly thisArg: object | undefined;
  readonly key: IdentityKey;
  readonly weak: boolean;
  /** Shared by the connections for all senders; undefined where calls are not limited. */
  readonly once: Once | undefined;
  readonly abortSignal: AbortSignal | undefined;
}

/** What the arguments of `connect` ask for. */
export function connectRequest(receiver: AnyReceiver, options: ConnectOptions): ConnectRequest {
  checkReceiver(receiver);
  checkConnectOptions(options);

  const { dispatchUid, thisArg, weak = false, once = false, signal } = options;
  const key = dispatchUid ?? identityKey(receiver, thisArg);
  return { receiver, thisArg, key, weak, once: once ? new Once() : undefined, abortSignal: signal };
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
