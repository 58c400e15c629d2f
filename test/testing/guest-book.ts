import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import { type Connection, install } from 'sequelize-signals';
import type { TestDatabase } from '../support/databases.js';

/** A table of unique names on an installed database. */
export class GuestBook {
  readonly sequelize: Sequelize;
  readonly connection: Connection;
  readonly Guest: ModelStatic<Model<{ name: string }>>;
  readonly #database: TestDatabase;

  private constructor(database: TestDatabase, logging: false | ((sql: string) => void)) {
    this.#database = database;
    this.sequelize = database.connect({ logging });
    this.connection = install(this.sequelize);
    this.Guest = defineGuest(this.sequelize);
  }

  /** Makes the table, empty. */
  static async open(
    database: TestDatabase,
    logging: false | ((sql: string) => void) = false,
  ): Promise<GuestBook> {
    const book = new GuestBook(database, logging);
    await book.Guest.sync({ force: true });
    return book;
  }

  async write(name: string): Promise<void> {
    await this.Guest.create({ name });
  }

  /** The names that this instance sees. */
  async names(): Promise<string[]> {
    return namesIn(this.Guest);
  }

  /** The names that are stored, which is what another connection sees. */
  async storedNames(): Promise<string[]> {
    // SQLite in memory has no other connection: the question makes sense after the test only.
    if (this.#database.name === 'sqlite memory') return this.names();
    return namesIn(defineGuest(this.#database.connect()));
  }

  close(): void {
    this.connection.uninstall();
  }
}

function defineGuest(sequelize: Sequelize): ModelStatic<Model<{ name: string }>> {
  return sequelize.define(
    'Guest',
    { name: { type: DataTypes.STRING(40), unique: true, allowNull: false } },
    { timestamps: false },
  );
}

async function namesIn(Guest: ModelStatic<Model<{ name: string }>>): Promise<string[]> {
  const guests = await Guest.findAll({ order: ['id'] });
  return guests.map((guest) => guest.get('name') as string);
}
