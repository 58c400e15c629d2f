import { functionName, show } from '../base/index.js';
import type { ConnectedReceiver } from './connected-receiver.js';
import type { AnyReceiver } from './receiver.js';

/** A call of a receiver. */
export interface ReceiverCall {
  readonly connected: ConnectedReceiver;
  readonly receiver: AnyReceiver;
}

/**
 * Names a receiver for messages and logs: with its signal, its `dispatchUid`, and where it is, if that
 * is known.
 *
 * @param place - a file with line and column.
 */
export function describeReceiver({ connected, receiver }: ReceiverCall, place?: string): string {
  const { signal, listedUnder } = connected;
  const isUid = typeof listedUnder !== 'function' && typeof listedUnder !== 'object';
  const more = [isUid ? `dispatchUid ${show(listedUnder)}` : [], place ?? []].flat();
  const details = more.length === 0 ? '' : ` (${more.join(', ')})`;
  return `${signal.name} receiver "${functionName(receiver)}"${details}`;
}
