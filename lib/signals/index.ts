/**
 * Signals and how they are sent. Nothing in here knows of Sequelize or of transactions.
 *
 * @packageDocumentation
 */

export type { AnyReceiver } from './any-receiver.js';
export type { ConnectOptions, DisconnectOptions } from './connect-options.js';
export type { Connection, SignalIdentity } from './connection.js';
export { liveConnections } from './live-connections.js';
export { type Mute, muteEverywhere, muteInFlow, type SuppressedCall } from './muting.js';
export { type ConnectReceiver, type EventOf, receiver, type SignalOrSignals } from './receiver.js';
export type { ReceiverResponse } from './sending.js';
export {
  type BySender,
  type Decided,
  type PayloadArgument,
  type PayloadOf,
  type Receiver,
  Signal,
  type SignalEvent,
  type SignalOptions,
  type Undo,
} from './signal.js';
