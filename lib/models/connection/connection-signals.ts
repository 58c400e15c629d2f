import { Signal } from '../../signals/index.js';

/** What receivers of `connectionCreated` get. */
export interface ConnectionCreated {
  /** The alias of the database. */
  readonly using: string;
  /** The driver's own connection. */
  readonly connection: object;
}

/**
 * Sent for every new connection to the database before it is used, with the alias as sender. An
 * error fails the query that needed the connection. Receivers use the connection itself:
 * a query of Sequelize would ask for another one.
 */
export const connectionCreated: Signal<ConnectionCreated> = new Signal({
  name: 'connectionCreated',
});
