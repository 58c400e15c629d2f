/**
 * Umzug's migrations as signals: `preMigrate` and `postMigrate` around its runs.
 *
 * @packageDocumentation
 */
import { checkOptions, InvalidArgumentError, type OptionRules } from '../base/index.js';
import { type MigrationStep, postMigrate, preMigrate, sendMigrate } from '../models/index.js';
import type { Database } from '../sequelize/index.js';
import { databaseFor, USING, type Using } from '../transactions/index.js';

/** A migration as Umzug names it. */
export interface UmzugMigration {
  readonly name: string;
}

/** What `connectUmzug` needs of an Umzug 3. */
export interface UmzugLike {
  up(options?: never): Promise<readonly UmzugMigration[]>;
  down(options?: never): Promise<readonly UmzugMigration[]>;
  pending(): Promise<readonly UmzugMigration[]>;
  executed(): Promise<readonly UmzugMigration[]>;
}

/** Options of `connectUmzug`. */
export interface ConnectUmzugOptions {
  /** The database that the migrations change. @defaultValue 'default' */
  readonly using?: Using | undefined;
}

/** What the options of a run say about which migrations are meant. */
interface RunOptions {
  readonly to?: string | 0 | undefined;
  readonly step?: number | undefined;
  readonly migrations?: readonly string[] | undefined;
  readonly rerun?: 'ALLOW' | 'SKIP' | 'THROW' | undefined;
}

type Run = (options?: RunOptions) => Promise<readonly UmzugMigration[]>;

/** One direction of an Umzug. */
interface Direction {
  readonly method: 'up' | 'down';
  /** The migrations that could be run, in the order in which they would. */
  candidates(umzug: UmzugLike): Promise<readonly UmzugMigration[]>;
  /** How many are run when the caller does not say. */
  readonly step: number;
}

const DIRECTIONS: readonly Direction[] = [
  { method: 'up', candidates: (umzug) => umzug.pending(), step: Number.POSITIVE_INFINITY },
  { method: 'down', candidates: async (umzug) => [...(await umzug.executed())].reverse(), step: 1 },
];

const RULES: OptionRules = { using: USING };

const undoOf = new WeakMap<UmzugLike, () => void>();

/**
 * Sends `preMigrate` before, and `postMigrate` after, each `up()` and `down()` of an Umzug, also
 * when there is nothing to run. The receivers get the plan: what is going to run, and what did.
 *
 * @remarks
 * After a run that failed there is no `postMigrate`. The command line of the Umzug sends them too.
 * Connecting an Umzug again changes nothing.
 *
 * @example
 * ```ts
 * import { Sequelize } from 'sequelize';
 * import { install, postMigrate } from 'sequelize-signals';
 * import { connectUmzug } from 'sequelize-signals/umzug';
 * import { SequelizeStorage, Umzug } from 'umzug';
 *
 * const sequelize = new Sequelize({ dialect: 'sqlite' });
 * install(sequelize);
 * const umzug = new Umzug({
 *   migrations: { glob: 'migrations/*.js' },
 *   storage: new SequelizeStorage({ sequelize }),
 *   logger: undefined,
 * });
 * connectUmzug(umzug);
 * postMigrate.connect(({ plan }) => console.log(plan));
 * await umzug.up();
 * ```
 * @returns the undo.
 * @throws {@link InvalidArgumentError} when it is given anything but an Umzug 3, or an option is
 * unknown or of the wrong kind.
 * @throws {@link NotInstalledError} when `using` names no installed database.
 */
export function connectUmzug(umzug: UmzugLike, options: ConnectUmzugOptions = {}): () => void {
  assertUmzug(umzug);
  checkOptions('connectUmzug()', options, RULES);
  const database = databaseFor(options.using);
  const known = undoOf.get(umzug);
  if (known) return known;

  const undos = DIRECTIONS.map((direction) => connectDirection(umzug, database, direction));
  const undo = () => {
    undoOf.delete(umzug);
    for (const undoOne of undos) undoOne();
  };
  undoOf.set(umzug, undo);
  return undo;
}

function assertUmzug(umzug: unknown): asserts umzug is UmzugLike {
  const methods = (umzug ?? {}) as Record<string, unknown>;
  const isUmzug = ['up', 'down', 'pending', 'executed'].every(
    (name) => typeof methods[name] === 'function',
  );
  if (!isUmzug) throw new InvalidArgumentError('connectUmzug() needs an instance of Umzug 3.');
}

function connectDirection(umzug: UmzugLike, database: Database, direction: Direction): () => void {
  const { method } = direction;
  const original = (umzug[method] as Run).bind(umzug);
  const run: Run = async (options = {}) => {
    const candidates = await direction.candidates(umzug);
    await sendMigrate(database, preMigrate, steps(planned(candidates, options, direction), method));
    const ran = await original(options);
    await sendMigrate(database, postMigrate, steps(ran, method));
    return ran;
  };
  Object.defineProperty(umzug, method, { value: run, configurable: true, writable: true });
  return () => {
    Reflect.deleteProperty(umzug, method);
  };
}

/** What Umzug is going to run, or refuse. */
function planned(
  candidates: readonly UmzugMigration[],
  { migrations, rerun, to, step }: RunOptions,
  direction: Direction,
): readonly UmzugMigration[] {
  const names = candidates.map(({ name }) => name);
  if (migrations) {
    const wanted = migrations.filter((name) => rerun !== 'SKIP' || names.includes(name));
    return wanted.map((name) => ({ name }));
  }
  if (to === 0) return candidates;
  if (to !== undefined) return candidates.slice(0, names.indexOf(to) + 1);
  return candidates.slice(0, step ?? direction.step);
}

function steps(migrations: readonly UmzugMigration[], method: 'up' | 'down'): MigrationStep[] {
  return migrations.map(({ name }) => ({ name, backwards: method === 'down' }));
}
