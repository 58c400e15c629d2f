import { setTimeout as sleep } from 'node:timers/promises';
import type { Options, Sequelize } from 'sequelize';
import { type Connection, install } from 'sequelize-signals';
import { type TestTransaction, testTransaction } from 'sequelize-signals/testing';
import { FaultyProxy } from '../support/faulty-proxy.js';
import { Ledger } from '../support/ledger.js';
import { expectNoSessionInTransaction, poolOf } from '../support/pool.js';
import type { Features } from './generate.js';
import { type Judgement, judge } from './judge.js';
import { type Expected, expectedToFail, type Program } from './program.js';
import { runProgram } from './run-program.js';
import type { Witness } from './witness.js';

/** What came of one program. */
export interface Verdict extends Judgement {
  readonly witness: Witness;
  /** What was done to its connections, in the words of the plan. */
  readonly faults: readonly string[];
}

/** What a test has otherwise. */
export interface ArenaOptions {
  readonly pool?: { readonly max: number };
  readonly installIn?: typeof install;
}

const NOTHING = { ambiguous: 0, kept: 0, undone: 0, unknown: 0, faults: [] };

let opened = 0;

/** A database in which programs run one after another, behind a proxy where there is a server. */
export class Arena {
  readonly #connection: Connection;
  readonly #ledger: Ledger;
  /** Where it is read what is stored. */
  readonly #reader: Ledger;
  readonly #proxy: FaultyProxy | undefined;
  readonly #features: Features;
  readonly #test: TestTransaction;
  #programs = 0;

  private constructor(
    connection: Connection,
    ledgers: { readonly ledger: Ledger; readonly reader: Ledger },
    proxy: FaultyProxy | undefined,
    features: Features,
  ) {
    this.#connection = connection;
    this.#ledger = ledgers.ledger;
    this.#reader = ledgers.reader;
    this.#proxy = proxy;
    this.#features = features;
    this.#test = testTransaction({ using: connection.sequelize });
  }

  /** @param connect - makes a Sequelize on the database, which is closed by whoever made it. */
  static async open(
    connect: (options?: Options) => Sequelize,
    features: Features,
    { pool = { max: 12 }, installIn = install }: ArenaOptions = {},
  ): Promise<Arena> {
    const direct = connect();
    const proxy = features.faults ? await FaultyProxy.before(direct) : undefined;
    const sequelize = connect({
      ...proxy?.options,
      pool: { ...pool, acquire: 10_000 },
      retry: { max: 0 },
    });
    sequelize.addHook('afterConnect', (connection) => waitShortly(sequelize, connection));
    opened += 1;
    const connection = installIn(sequelize, { using: `arena ${opened}` });
    const ledger = await Ledger.open(sequelize);
    // SQLite in memory has another database for each Sequelize.
    const isSqlite = sequelize.getDialect() === 'sqlite';
    const reader = isSqlite ? ledger : await Ledger.join(direct);
    if (features.deadlocks) {
      await direct.query('DROP TABLE IF EXISTS stakes');
      await direct.query('CREATE TABLE stakes (id INTEGER PRIMARY KEY, bets INTEGER)');
      await direct.query('INSERT INTO stakes VALUES (0, 0), (1, 0)');
    }
    return new Arena(connection, { ledger, reader }, proxy, features);
  }

  async run(program: Program): Promise<Verdict> {
    this.#programs += 1;
    const prefix = `${this.#programs}`;
    return program.inTest ? this.#inTest(program, prefix) : this.#run(program, prefix);
  }

  /** Throws when a transaction is open still. */
  async close(): Promise<void> {
    this.#connection.uninstall();
    await this.#proxy?.close();
  }

  /** Ends the connections of what may be open still. */
  async abandon(): Promise<void> {
    await this.#proxy?.close();
  }

  async #run(program: Program, prefix: string): Promise<Verdict> {
    this.#proxy?.plan(program.faults);
    const witness = await runProgram(program, this.#ledger, prefix);
    const done = this.#proxy?.done ?? [];
    const lostCommits = this.#proxy?.lostCommits ?? 0;
    this.#proxy?.plan([]);
    await this.#checkConnections(witness);
    const judgement = judge(witness, {
      rows: await rowsOf(witness, this.#reader),
      lostCommits,
      lostConnections: done.some(({ cut }) => cut !== 'delay'),
      ...this.#expected(program),
    });
    return { ...judgement, witness, faults: done.map(({ cut }) => cut) };
  }

  async #inTest(program: Program, prefix: string): Promise<Verdict> {
    await this.#test.begin();
    const witness = await runProgram(program, this.#ledger, prefix);
    const { complaints } = witness;
    // To read, or to roll back, would be to wait for what has not ended.
    if (complaints.length > 0) return { ...NOTHING, complaints, witness };

    const rows = await rowsOf(witness, this.#ledger);
    await this.#test.rollback().catch((error) => complaints.push(String(error)));
    await this.#checkConnections(witness);
    for (const [name] of await rowsOf(witness, this.#reader)) {
      complaints.push(`${name} is stored after the transaction of the test`);
    }
    const judgement = judge(witness, {
      rows,
      lostCommits: 0,
      lostConnections: false,
      ...this.#expected(program),
    });
    return { ...judgement, witness, faults: [] };
  }

  #expected(program: Program): { expected: Expected; instances: boolean } {
    // Two writers of one SQLite file may lose against each other, whatever they do.
    const isSqlite = this.#ledger.sequelize.getDialect() === 'sqlite';
    const expected = isSqlite ? 'anything' : expectedToFail(program);
    return { expected, instances: this.#features.instances };
  }

  async #checkConnections({ complaints }: Witness): Promise<void> {
    const { using, waiting } = poolOf(this.#ledger.sequelize);
    if (using + waiting > 0) complaints.push(`${using} connections were not given back`);

    const check = () => expectNoSessionInTransaction(this.#reader.sequelize);
    // A server hears late of connections that were cut, and tells late of transactions that ended.
    for (let patience = 10; patience > 0; patience -= 1) {
      if (await check().then(isFine, isNotFine)) return;
      await sleep(100);
    }
    await check().catch((error) => complaints.push(String(error)));
  }
}

const isFine = (): boolean => true;
const isNotFine = (): boolean => false;

/** What is stored of what a program wrote. */
async function rowsOf(
  { deeds }: Witness,
  { entries }: Ledger,
): Promise<ReadonlyMap<string, string | null>> {
  const name = [...new Set(deeds.map((deed) => deed.name))];
  const rows = await entries.findAll({ where: { name }, transaction: null });
  return new Map(rows.map((row) => [row.name, row.note]));
}

/** Has a connection wait shortly for locks: programs wait for each other where nobody finds it. */
async function waitShortly(sequelize: Sequelize, connection: unknown): Promise<void> {
  const client = connection as { query(sql: string): Promise<unknown>; promise?(): typeof client };
  if (sequelize.getDialect() === 'postgres') {
    await client.query("SET deadlock_timeout = '20ms'; SET lock_timeout = '1s'");
  } else if (sequelize.getDialect() !== 'sqlite') {
    await (client.promise?.() ?? client).query('SET SESSION innodb_lock_wait_timeout = 1');
  }
}
