import type { TransactionSource } from '../blocks/index.js';
import { ConnectionTransaction } from './connection-transaction.js';

/** The pool: each outermost block gets a connection of its own, and so does each other query. */
export const pool: TransactionSource = {
  holdsCallbacks: false,
  realize: (root) => new ConnectionTransaction(root),
  query: (_writes, send) => send(null),
};
