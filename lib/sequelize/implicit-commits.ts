import { implicitCommitError } from '../blocks/index.js';
import type { DriverConnection, OpenTransaction } from './internals.js';
import { isForgotten } from './server-errors.js';
import { mayCommit, type Text } from './statement-kinds.js';

/** The connections on which a statement was sent that some servers commit before, each with its transaction then. */
const suspects = new WeakMap<DriverConnection, string | undefined>();

/** Notes a statement that is about to be sent in `transaction`. */
export function noteStatement({ connection }: OpenTransaction, text: Text): void {
  if (connection && mayCommit(text)) suspects.set(connection, connection.uuid);
}

/**
 * Says why the server does not know a savepoint of `root` that it was told of. Whoever has released
 * it by SQL hears what the server says.
 */
export function explainForgotten(
  { connection }: OpenTransaction,
  savepoint: string,
): (error: unknown) => never {
  return (error) => {
    const hasCommitted = connection !== undefined && suspects.get(connection) === connection.uuid;
    throw hasCommitted && isForgotten(error) ? implicitCommitError(savepoint, error) : error;
  };
}
