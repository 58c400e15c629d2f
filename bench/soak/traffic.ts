import { DataTypes, type Model, type ModelStatic } from 'sequelize';
import type { Connection } from 'sequelize-signals';
import { type Kind, kindsOf } from './kinds.js';

/** How many blocks run at once: more than the pool has connections. */
const AT_ONCE = 20;

/** Blocks of every kind, mixed, and what they should have left behind. */
export class Traffic {
  /** How many have run. */
  blocks = 0;
  readonly #connection: Connection;
  readonly #items: ModelStatic<Model>;
  readonly #kinds: readonly Kind[];
  readonly #expected = { rows: 0, callbacks: 0 };
  #callbacks = 0;

  private constructor(connection: Connection) {
    this.#connection = connection;
    this.#items = connection.sequelize.define(
      'item',
      { name: DataTypes.STRING },
      { timestamps: false },
    );
    this.#kinds = kindsOf({
      connection,
      write: (transaction) => this.#items.create({ name: 'item' }, { transaction }),
      count: () => {
        this.#callbacks += 1;
      },
    });
  }

  static async prepare(connection: Connection): Promise<Traffic> {
    const traffic = new Traffic(connection);
    await traffic.#items.sync();
    return traffic;
  }

  /** Runs so many blocks, each kind in its turn. */
  async run(times: number): Promise<void> {
    const last = this.blocks + times;
    const worker = async (): Promise<void> => {
      while (this.blocks < last) await this.#runNext();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  async #runNext(): Promise<void> {
    const kind = this.#kinds[this.blocks % this.#kinds.length] as Kind;
    this.blocks += 1;
    this.#expected.rows += kind.rows;
    this.#expected.callbacks += kind.callbacks;
    await kind.run();
  }

  /** Throws unless just what was committed is stored and told of, and all connections are back. */
  async check(): Promise<void> {
    const left = { rows: await this.#items.count(), callbacks: this.#callbacks };
    const [got, wanted] = [left, this.#expected].map((counts) => JSON.stringify(counts));
    if (got !== wanted) throw new Error(`The blocks left ${got}, and should have left ${wanted}.`);

    const { pool } = this.#connection.sequelize.connectionManager as unknown as {
      readonly pool: { readonly size: number; readonly using: number; readonly waiting: number };
    };
    const { size, using, waiting } = pool;
    if (size > 5 || using > 0 || waiting > 0) {
      throw new Error(`Of ${size} connections ${using} are in use, and ${waiting} blocks wait.`);
    }
  }
}
