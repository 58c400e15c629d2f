/**
 * Signals and how they are sent. Nothing in here knows of Sequelize or of transactions.
 *
 * @packageDocumentation
 */

export type { ConnectOptions, DisconnectOptions } from './connect-options.js';
export type { ConnectedReceiver } from './connected-receiver.js';
export { looksLikeSignal, showNoSignal } from './foreign-signal.js';
export { checkNoSender, givenSenders } from './given-senders.js';
export { liveReceivers } from './live-receivers.js';
export { type Mute, muteEverywhere, muteInFlow, mutesEverywhere } from './muting.js';
export type { BySender, Decided, PayloadArgument, PayloadOf } from './payload.js';
export type { AnyReceiver, Receiver, SignalEvent } from './receiver.js';
export {
  type AnySenderOf,
  type ConnectReceiver,
  type EventOf,
  receiver,
  type SenderOf,
  type SignalOrSignals,
} from './receiver-decorator.js';
export type { SenderNames } from './sender-names.js';
export type { ReceiverResponse } from './sending.js';
export {
  everConnected,
  hasReceivers,
  Signal,
  type SignalOptions,
  sendRobustWithin,
} from './signal.js';
export type { Undo } from './undo.js';
