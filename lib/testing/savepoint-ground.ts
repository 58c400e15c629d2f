import {
  type Backing,
  type Block,
  type Database,
  type Ground,
  isAborted,
  type SendQuery,
  type Writes,
} from '../transactions/index.js';
import type { Place } from './place.js';
import { Savepoint } from './savepoint.js';

/** Where a failed statement undoes itself and nothing else, so that it needs no savepoint. */
const FORGIVING: ReadonlySet<string> = new Set(['sqlite', 'mysql', 'mariadb']);

const STRAY_QUERY = { label: 'a query outside of any block' };

/**
 * Lets all work of a database stand on one connection: outermost blocks are savepoints at a place
 * in its transaction, and take turns with one another and with the queries outside of any block.
 */
export class SavepointGround implements Ground {
  readonly holdsCallbacks: boolean;
  readonly #database: Database;
  readonly #place: Place;
  readonly #backings = new Map<Block, SavepointBacking>();

  constructor(database: Database, place: Place, holdsCallbacks: boolean) {
    this.#database = database;
    this.#place = place;
    this.holdsCallbacks = holdsCallbacks;
  }

  back(block: Block): Backing {
    const backing = new SavepointBacking(this.holdsCallbacks, block, () => {
      const place = this.#beginsAroundFlow(block) ?? this.#place;
      return Savepoint.set(this.#database, place, block);
    });
    this.#backings.set(block, backing);
    return backing;
  }

  async query<Result>(writes: Writes, send: SendQuery<Result>): Promise<Result> {
    const place = this.#aroundFlow() ?? (writes() ? undefined : this.#openByHand()) ?? this.#place;
    if (!FORGIVING.has(this.#database.sequelize.getDialect())) {
      return this.#queryInSavepoint(place, send);
    }
    const giveBack = await place.lend(STRAY_QUERY);
    try {
      await place.begin();
      return await place.trunk.line.send(() => send(place.carrier()));
    } finally {
      giveBack();
    }
  }

  /** Ends the blocks that are still open, without a statement. Returns their names. */
  async cutOff(): Promise<string[]> {
    const open = [...this.#backings].filter(([block]) => block.open);
    await Promise.all(
      open.map(async ([block, backing]) => {
        await block.cutOff();
        backing.abandon();
      }),
    );
    return open.map(([block]) => block.label);
  }

  async #queryInSavepoint<Result>(place: Place, send: SendQuery<Result>): Promise<Result> {
    const savepoint = await Savepoint.set(this.#database, place, STRAY_QUERY);
    let result: Result;
    try {
      result = await place.trunk.line.send(() => send(place.carrier()));
    } catch (error) {
      await savepoint.rollBack();
      throw error;
    }
    await savepoint.release();
    return result;
  }

  /** The open block that `transaction.outside()` hides: to wait for its end would be for ever. */
  #aroundFlow(): Place | undefined {
    const { connection } = this.#place.trunk.transaction;
    return connection && this.#database.holderOf(connection);
  }

  /**
   * Where `block` begins that is begun inside another. One that ends by hand would have a block
   * around it that begins later wait for that: it has the other one begin first.
   */
  #beginsAroundFlow(block: Block): Place | undefined {
    const around = this.#aroundFlow();
    if (around || block.managed) return around;
    return this.#database.findAround(({ trunk }) => this.#backings.has(trunk));
  }

  /** A transaction that waits for a call of commit(), which may well come after this query. */
  #openByHand(): Place | undefined {
    for (const [block, backing] of this.#backings) {
      if (!block.managed && block.open && backing.begun) return block;
    }
    return undefined;
  }
}

/** Backs an outermost block with a savepoint. */
class SavepointBacking implements Backing {
  readonly holdsCallbacks: boolean;
  readonly beginsAhead = false; // it takes the place of others
  readonly #block: Block;
  readonly #set: () => Promise<Savepoint>;
  #savepoint: Savepoint | undefined;
  #abandoned = false;

  constructor(holdsCallbacks: boolean, block: Block, set: () => Promise<Savepoint>) {
    this.holdsCallbacks = holdsCallbacks;
    this.#block = block;
    this.#set = set;
  }

  get begun(): boolean {
    return this.#savepoint !== undefined;
  }

  async begin(): Promise<void> {
    const savepoint = await this.#set();
    this.#savepoint = savepoint;
    this.#block.transaction.connection = savepoint.connection;
    if (this.#abandoned) savepoint.abandon();
  }

  async commit(): Promise<boolean> {
    try {
      await this.#savepoint?.checkConstraints();
    } catch (error) {
      await this.rollback();
      if (isAborted(error)) return false;
      throw error;
    }
    await this.#savepoint?.release();
    return true;
  }

  async rollback(): Promise<void> {
    await this.#savepoint?.rollBack();
  }

  /** Leaves the savepoint, or the one that is being set, to what surrounds it. */
  abandon(): void {
    this.#abandoned = true;
    this.#savepoint?.abandon();
  }
}
