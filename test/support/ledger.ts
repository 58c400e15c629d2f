import { expect } from 'chai';
import {
  DataTypes,
  type Model,
  type ModelStatic,
  type Sequelize,
  type Transaction,
} from 'sequelize';
import { type Connection, onCommit } from 'sequelize-signals';
import { describeInEachContext, type TestContext } from './contexts.js';
import { describeOnEachDatabase, type TestDatabase } from './databases.js';
import { expectIdlePool, expectNoSessionInTransaction } from './pool.js';
import { Statements } from './statements.js';

/** A row of the ledger. */
export interface Entry extends Model {
  id: number;
  name: string;
  /** What may change about it. */
  note: string | null;
}

/**
 * A table and a list of the callbacks that ran, so that a test can check what is stored and what
 * was told of it together.
 */
export class Ledger {
  readonly sequelize: Sequelize;
  readonly entries: ModelStatic<Entry>;
  /** The names of the callbacks that ran, in order. */
  readonly called: string[] = [];

  private constructor(sequelize: Sequelize) {
    this.sequelize = sequelize;
    this.entries = sequelize.define<Entry>(
      'entry',
      {
        name: { type: DataTypes.STRING, allowNull: false, unique: true },
        note: DataTypes.STRING,
      },
      { timestamps: false },
    );
  }

  /** Makes the table anew. */
  static async open(sequelize: Sequelize): Promise<Ledger> {
    const ledger = new Ledger(sequelize);
    await ledger.entries.sync({ force: true });
    return ledger;
  }

  /** Works with the table that is there; makes it when it is not. */
  static async join(sequelize: Sequelize): Promise<Ledger> {
    const ledger = new Ledger(sequelize);
    await ledger.entries.sync();
    return ledger;
  }

  /** Writes an entry; without `transaction` in the current one. */
  async write(name: string, transaction?: Transaction | null): Promise<void> {
    await this.entries.create({ name }, { transaction });
  }

  /** A callback that adds `name` to the list. */
  readonly callback = (name: string) => (): void => {
    this.called.push(name);
  };

  /** Writes an entry, and registers a callback of the same name. */
  async do(name: string): Promise<void> {
    await this.write(name);
    await onCommit(this.callback(name), { using: this.sequelize });
  }

  /** The names of what is stored, in the order of writing. */
  async rows(): Promise<string[]> {
    const entries = await this.entries.findAll({ order: ['id'], transaction: null });
    return entries.map(({ name }) => name);
  }

  /** Checks that these entries are stored, that these callbacks ran, and nothing else. */
  async expectDone(names: readonly string[], called: readonly string[] = names): Promise<void> {
    expect({ rows: await this.rows(), called: this.called }).to.deep.equal({ rows: names, called });
  }

  async clear(): Promise<void> {
    this.called.length = 0;
    // MariaDB locks the gap that a deleted entry has left, when one of that name is written again.
    const truncate = ['mysql', 'mariadb'].includes(this.sequelize.getDialect());
    await this.entries.destroy({ where: {}, truncate, transaction: null });
  }
}

/** A ledger in an installed database, as the body of `describeTransactions` gets it. */
export class Bench {
  readonly database: TestDatabase;
  readonly context: TestContext;
  readonly statements: Statements = new Statements();
  #opened: { readonly ledger: Ledger; readonly connection: Connection } | undefined;

  constructor(database: TestDatabase, context: TestContext) {
    this.database = database;
    this.context = context;
  }

  async open(): Promise<void> {
    const sequelize = this.database.connect({ logging: this.statements.log });
    const connection = this.context.install(sequelize);
    this.#opened = { ledger: await Ledger.open(sequelize), connection };
  }

  async close(): Promise<void> {
    if (this.#opened) await expectNoSessionInTransaction(this.sequelize);
  }

  async reset(): Promise<void> {
    await this.ledger.clear();
    this.statements.clear();
  }

  get ledger(): Ledger {
    return this.#inTest().ledger;
  }

  get connection(): Connection {
    return this.#inTest().connection;
  }

  get sequelize(): Sequelize {
    return this.connection.sequelize;
  }

  #inTest(): { readonly ledger: Ledger; readonly connection: Connection } {
    if (this.#opened === undefined) throw new Error('The ledger is for hooks and tests.');
    return this.#opened;
  }
}

/**
 * Declares a suite for each database and each place where the current transaction can be kept.
 * Its database is installed as the default; each test begins with an empty ledger, and must leave
 * no transaction and no connection behind.
 */
export function describeTransactions(title: string, body: (bench: Bench) => void): void {
  describeOnEachDatabase(title, (database) => {
    describeInEachContext('with', (context) => {
      const bench = new Bench(database, context);
      before(() => bench.open());
      beforeEach(() => bench.reset());
      afterEach(() => expectIdlePool(bench.sequelize));
      after(() => bench.close());
      body(bench);
    });
  });
}
