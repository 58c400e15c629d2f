import { byOrder, type Connection } from './connection.js';

/** Something that has connections. */
export interface ConnectionSource {
  /** The connections as they are now. */
  snapshot(): readonly Connection[];
}

// Weakly, so that this keeps neither receivers nor senders alive.
const sources = new Set<WeakRef<ConnectionSource>>();

const collected = new FinalizationRegistry<WeakRef<ConnectionSource>>((source) => {
  sources.delete(source);
});

/** Has `liveConnections` list the connections of a source, as long as it lives. */
export function listLiveConnectionsOf<Source extends ConnectionSource>(
  source: Source,
): WeakRef<Source> {
  const weakly = new WeakRef(source);
  sources.add(weakly);
  collected.register(source, weakly);
  return weakly;
}

/** The connections of all signals, oldest first, without those whose receivers are dead. */
export function liveConnections(): Connection[] {
  return [...sources]
    .flatMap((source) => source.deref()?.snapshot() ?? [])
    .filter((connection) => connection.receiver() !== undefined)
    .sort(byOrder);
}
