import { type Database, watchConnections } from '../../sequelize/index.js';
import type { ModelFeature } from '../feature.js';
import { connectionCreated } from './connection-signals.js';

/** Sends `connectionCreated`. */
export function connectionFeature(database: Database): ModelFeature {
  const using = database.alias;
  const announce = async (connection: object): Promise<void> => {
    if (!connectionCreated.hasListeners(using)) return;
    // The first query of the current block may be what needs the connection: receivers run outside.
    await database.blocks.outside(() => connectionCreated.send(using, { connection, using }));
  };
  return { undo: watchConnections(database.sequelize, announce) };
}
