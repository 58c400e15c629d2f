import { ANYTHING, BOOLEAN, checkOptions, isObject, type OptionRules } from '../base/index.js';
import { checkNoSender } from './given-senders.js';

/** Says which connection of a receiver is meant. */
export interface DisconnectOptions<Sender = unknown> {
  /**
   * Whose sends the receiver gets, by identity; an array names several. Everyone's when it is left out
   * or `null`.
   */
  readonly sender?: Sender | readonly Sender[] | null;
  /** Names the connection, in place of its receiver: not empty, and used once per sender. */
  readonly dispatchUid?: string | symbol | undefined;
  /** What the receiver is called on. One function on two objects makes two connections. */
  readonly thisArg?: object | undefined;
}

/** Says how a receiver is connected. */
export interface ConnectOptions<Sender = unknown, This = unknown>
  extends DisconnectOptions<Sender> {
  /** The `this` of the receiver. With `weak` the connection lives as long as this object. */
  readonly thisArg?: (This & object) | undefined;
  /**
   * Lets the receiver be garbage collected, and with `thisArg` that object. The connection ends
   * with it. Otherwise the signal keeps both alive.
   *
   * @defaultValue false
   */
  readonly weak?: boolean | undefined;
  /**
   * Disconnects just before the first call, from all senders.
   *
   * @defaultValue false
   */
  readonly once?: boolean | undefined;
  /** Disconnects when it is aborted. Nothing is connected if it has been aborted before. */
  readonly signal?: AbortSignal | undefined;
}

const DISCONNECT_RULES: OptionRules = {
  sender: ANYTHING,
  dispatchUid: { accepts: isUid, expected: 'a non-empty string or a symbol' },
  thisArg: { accepts: isObject, expected: 'an object or a function' },
};

const CONNECT_RULES: OptionRules = {
  ...DISCONNECT_RULES,
  weak: BOOLEAN,
  once: BOOLEAN,
  signal: { accepts: isAbortSignal, expected: 'an AbortSignal' },
};

const CONNECT_NAMES = Object.keys(CONNECT_RULES);
const DISCONNECT_NAMES = Object.keys(DISCONNECT_RULES);

/** Throws unless these are options that `connect` knows. */
export function checkConnectOptions(options: ConnectOptions): void {
  checkNoSender('connect(receiver', options, CONNECT_NAMES);
  checkOptions('connect()', options, CONNECT_RULES);
}

/** Throws unless these are options that `receiver` knows. */
export function checkReceiverOptions(options: ConnectOptions): void {
  checkNoSender('receiver(signal', options, CONNECT_NAMES);
  checkOptions('receiver()', options, CONNECT_RULES);
}

/** Throws unless these are options that `disconnect` knows. */
export function checkDisconnectOptions(options: DisconnectOptions): void {
  checkNoSender('disconnect(receiver', options, DISCONNECT_NAMES);
  checkOptions('disconnect()', options, DISCONNECT_RULES);
}

function isUid(value: unknown): boolean {
  return (typeof value === 'string' && value !== '') || typeof value === 'symbol';
}

// Test environments bring an AbortSignal of their own, so its class is not asked for.
function isAbortSignal(value: unknown): boolean {
  const { aborted, addEventListener, removeEventListener } = Object(value) as Partial<AbortSignal>;
  return (
    typeof aborted === 'boolean' &&
    typeof addEventListener === 'function' &&
    typeof removeEventListener === 'function'
  );
}
