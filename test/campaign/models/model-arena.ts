import { setTimeout as sleep } from 'node:timers/promises';
import type { Options, Sequelize } from 'sequelize';
import { type Connection, install } from 'sequelize-signals';
import { expectNoSessionInTransaction, poolOf } from '../../support/pool.js';
import type { ModelProgram } from './model-program.js';
import { type ModelVerdict, runModelProgram } from './run-model-program.js';
import { Schema } from './schema.js';

let opened = 0;

/** A database in which programs about models run one after another. */
export class ModelArena {
  readonly #connection: Connection;
  readonly #schema: Schema;

  private constructor(connection: Connection, schema: Schema) {
    this.#connection = connection;
    this.#schema = schema;
  }

  /** @param connect - makes a Sequelize on the database, which is closed by whoever made it. */
  static async open(connect: (options?: Options) => Sequelize): Promise<ModelArena> {
    opened += 1;
    const sequelize = connect({ pool: { max: 4 } });
    const connection = install(sequelize, { using: `model arena ${opened}` });
    const schema = new Schema(sequelize);
    await sequelize.sync({ force: true });
    return new ModelArena(connection, schema);
  }

  async run(program: ModelProgram): Promise<ModelVerdict> {
    const verdict = await runModelProgram(program, this.#schema);
    const inUse = await this.#idle(verdict.isStopped);
    if (inUse === 0) return verdict;
    return { ...verdict, complaints: [...verdict.complaints, `${inUse} connections are in use`] };
  }

  /** Waits for what Sequelize goes on with when a part of a call has failed; returns what is left. */
  async #idle(isStopped: boolean): Promise<number> {
    const inUse = (): number => {
      const { using, waiting } = poolOf(this.#schema.sequelize);
      return using + waiting;
    };
    if (!isStopped) return inUse();
    // One statement may follow another, and nobody tells of the last.
    let calm = 0;
    for (let patience = 2000; calm < 20 && patience > 0; patience -= 1) {
      await sleep(2);
      calm = inUse() === 0 ? calm + 1 : 0;
    }
    return inUse();
  }

  async abandon(): Promise<void> {
    await this.#schema.sequelize.close();
  }

  /** Throws when a transaction is open still. */
  async close(): Promise<void> {
    await expectNoSessionInTransaction(this.#schema.sequelize);
    this.#connection.uninstall();
  }
}
