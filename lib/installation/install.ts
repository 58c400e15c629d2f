import type { Sequelize } from 'sequelize';
import {
  AliasTakenError,
  allOrNothing,
  BOOLEAN,
  checkOptions,
  heldElsewhere,
  hold,
  InvalidArgumentError,
  ifItFails,
  NAME,
  type OptionRules,
  SignalsError,
  show,
} from '../base/index.js';
import { connectModels } from '../models/index.js';
import { Database } from '../sequelize/index.js';
import {
  addDatabase,
  afterTransaction,
  assertAliasFree,
  Connection,
  connections,
  databaseFor,
  removeDatabase,
} from '../transactions/index.js';

/** Options of `install`. */
export interface InstallOptions {
  /** The alias by which `using` finds the instance. @defaultValue 'default' */
  readonly using?: string | undefined;
  /**
   * Whether queries that name no transaction join the one of `sequelize.transaction(callback)` that
   * they run in, as they do in Sequelize after `Sequelize.useCLS`. With `false` they stay outside of
   * it, as in an application that never called that; where it did, they join. Inside `atomic()`
   * they always do, and `atomic()` and `onCommit()` always join.
   *
   * @defaultValue true
   */
  readonly useCLS?: boolean | undefined;
  /**
   * With `'signals'`, `destroy()` deletes by itself what associations with `onDelete: 'CASCADE'` take
   * along, as Django does: it loads the rows that anybody listens to, and sends `preDelete` and
   * `postDelete` for each. Rows with `onDelete: 'RESTRICT'` refuse it by a `ProtectedError`, before
   * any signal. So it is for `Model.destroy()` with `individualHooks: true`. Left out, the database
   * does all that, and nothing is sent.
   */
  readonly cascades?: 'signals' | undefined;
}

const RULES: OptionRules = {
  using: NAME,
  useCLS: BOOLEAN,
  cascades: { accepts: (value) => value === 'signals', expected: "'signals'" },
};

/**
 * Gives a Sequelize instance signals and transactions. Its models, queries and transactions work
 * as before; those inside a block join it by themselves.
 *
 * Installing the same instance again returns the same connection. Several instances may be
 * installed, each under an alias of its own; none sees the transactions of another.
 *
 * @example
 * ```ts
 * import { Sequelize } from 'sequelize';
 * import { install } from 'sequelize-signals';
 *
 * const connection = install(new Sequelize({ dialect: 'sqlite', storage: ':memory:' }));
 * await connection.atomic(async () => {});
 * connection.uninstall();
 * ```
 * @throws {@link InvalidArgumentError} when `sequelize` is not an instance of Sequelize 6, or an
 * option is unknown or of the wrong kind.
 * @throws {@link AliasTakenError} when another instance has the alias, or this one has another.
 * @throws {@link SignalsError} when another loaded copy of this package has installed the instance.
 */
export function install(sequelize: Sequelize, options: InstallOptions = {}): Connection {
  assertSequelize(sequelize);
  checkOptions('install()', options, RULES);
  const installed = connections.get(sequelize);
  if (installed) return asAskedFor(installed, options);
  assertNotElsewhere(sequelize);

  const { using: alias = 'default', useCLS = true, cascades } = options;
  assertAliasFree(alias);
  const choices = { useCLS, cascades };
  return allOrNothing(() => connect(new Database(alias, sequelize, choices, afterTransaction)));
}

function connect(database: Database): Connection {
  addDatabase(database);
  ifItFails(() => removeDatabase(database));
  const letGo = hold(database.sequelize);
  ifItFails(letGo);
  const disconnectModels = connectModels(database);
  return new Connection(database, () => {
    database.uninstall();
    removeDatabase(database);
    disconnectModels();
    letGo();
  });
}

/** Two copies would each put their methods over those of the other, and neither know its blocks. */
function assertNotElsewhere(sequelize: Sequelize): void {
  const elsewhere = heldElsewhere(sequelize);
  if (elsewhere === undefined) return;
  throw new SignalsError(
    'SIGNALS_SECOND_COPY',
    `This Sequelize instance is installed by ${elsewhere}. ` +
      'Have both come from one place, or uninstall() it there first.',
  );
}

function assertSequelize(sequelize: unknown): void {
  const instance = (sequelize ?? {}) as Partial<Sequelize>;
  const isSequelize =
    typeof instance.query === 'function' &&
    typeof instance.transaction === 'function' &&
    'useCLS' in (instance.constructor ?? {});
  if (!isSequelize) throw new InvalidArgumentError('install() needs an instance of Sequelize 6.');
}

function asAskedFor(installed: Connection, options: InstallOptions): Connection {
  const { using } = options;
  if (using !== undefined && using !== installed.alias) {
    throw new AliasTakenError(
      `This Sequelize instance is installed as "${installed.alias}" already. Use that alias, or uninstall() it first.`,
    );
  }
  const chosen = databaseFor(installed.sequelize).options;
  for (const name of ['useCLS', 'cascades'] as const) {
    if (options[name] === undefined || options[name] === chosen[name]) continue;
    throw new InvalidArgumentError(
      `This Sequelize instance is installed already, and not with the option ${name}: ${show(options[name])}. ` +
        'Install it once, or uninstall() it first.',
    );
  }
  return installed;
}
