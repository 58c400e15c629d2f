import type { Dialect, Options } from 'sequelize';

/** A place where databases live. The other files of this folder are one kind each. */
export interface Server {
  /** What a run calls it, in titles and in `DATABASES`. */
  readonly name: string;
  readonly dialect: Dialect;
  /** Whether all transactions share one connection, so that none can be beside another. */
  readonly hasOneConnection: boolean;
  /** Makes an empty database that nobody else uses. Rejects with a {@link ServerUnavailable}. */
  createDatabase(): Promise<EmptyDatabase>;
  /** Ends what the run has started. */
  stop(): Promise<void>;
}

/** A database that belongs to one suite. */
export interface EmptyDatabase {
  /** How Sequelize reaches it. */
  readonly options: Readonly<Options>;
  drop(): Promise<void>;
}

/** This machine cannot offer the server; the message says why. */
export class ServerUnavailable extends Error {}
