import { BoundReceiver } from './bound-receiver.js';
import type { ConnectRequest } from './connect-request.js';
import type { ConnectedReceiver } from './connected-receiver.js';
import { Lifetime } from './lifetime.js';
import type { SenderReceivers } from './sender-receivers.js';
import { StrongReceiver } from './strong-receiver.js';
import { WeakReceiver } from './weak-receiver.js';

/** Makes what a connect asks for. To list it is for the caller. */
export function makeConnectedReceiver(
  list: SenderReceivers,
  request: ConnectRequest,
): ConnectedReceiver {
  const { receiver, thisArg, weak, abortSignal } = request;
  // Most receivers depend on nothing, and without a lifetime they are cheap.
  if (!weak && abortSignal === undefined) return new StrongReceiver(list, request);

  const connected = ofItsKind(list, request);
  const mortal = weak ? (thisArg ?? receiver) : undefined;
  connected.limitTo(new Lifetime(connected, mortal, abortSignal));
  return connected;
}

function ofItsKind(list: SenderReceivers, request: ConnectRequest): ConnectedReceiver {
  const { thisArg, weak } = request;
  if (!weak) return new StrongReceiver(list, request);
  return thisArg === undefined
    ? new WeakReceiver(list, request)
    : new BoundReceiver(list, request, thisArg);
}
