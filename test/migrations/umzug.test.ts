import { expect } from 'chai';
import { Sequelize } from 'sequelize';
import {
  atomic,
  type Connection,
  InvalidArgumentError,
  install,
  type MigrationStep,
  NotInstalledError,
  postMigrate,
  preMigrate,
  transaction,
} from 'sequelize-signals';
import { connectUmzug } from 'sequelize-signals/umzug';
import { memoryStorage, Umzug, type UmzugStorage } from 'umzug';
import { rejectionOf } from '../support/rejection.js';

describe('connectUmzug()', () => {
  const log: [signal: string, using: string, plan: readonly MigrationStep[] | null][] = [];
  let connection: Connection;
  let umzug: Umzug;
  let undo: (() => boolean)[];

  beforeEach(() => {
    connection = install(new Sequelize({ dialect: 'sqlite', logging: false }), { using: 'main' });
    umzug = umzugOf('first', 'second', 'third');
    log.length = 0;
    undo = [preMigrate, postMigrate].map((signal) =>
      signal.connect(({ using, plan }) => void log.push([signal.name, using, plan]), {
        sender: 'main',
      }),
    );
  });
  afterEach(async () => {
    for (const disconnect of undo) disconnect();
    connection.uninstall();
    await connection.sequelize.close();
  });

  function umzugOf(...names: string[]): Umzug {
    const migrations = names.map((name) => ({
      name,
      up: async () => {
        if (name === 'broken') throw new Error('boom');
      },
      down: async () => {},
    }));
    const storage: UmzugStorage = memoryStorage();
    return new Umzug({ migrations, storage, logger: undefined });
  }

  const step = (name: string, backwards = false): MigrationStep => ({ name, backwards });

  it('sends the plan before a run, and what ran after it (D-287, D-289)', async () => {
    connectUmzug(umzug, { using: 'main' });

    const ran = await umzug.up();

    expect(ran.map(({ name }) => name)).to.deep.equal(['first', 'second', 'third']);
    const plan = [step('first'), step('second'), step('third')];
    expect(log).to.deep.equal([
      ['preMigrate', 'main', plan],
      ['postMigrate', 'main', plan],
    ]);
  });

  it('sends them when there is nothing to run (D-289)', async () => {
    connectUmzug(umzug, { using: 'main' });
    await umzug.up();
    log.length = 0;

    await umzug.up();

    expect(log).to.deep.equal([
      ['preMigrate', 'main', []],
      ['postMigrate', 'main', []],
    ]);
  });

  const runs: Record<string, [before: number, run: () => Promise<unknown>, plan: MigrationStep[]]> =
    {
      'up({ to })': [0, () => umzug.up({ to: 'second' }), [step('first'), step('second')]],
      'up({ step })': [1, () => umzug.up({ step: 1 }), [step('second')]],
      'up({ migrations })': [
        0,
        () => umzug.up({ migrations: ['third', 'first'] }),
        [step('third'), step('first')],
      ],
      'up({ migrations, rerun: SKIP })': [
        1,
        () => umzug.up({ migrations: ['first', 'third'], rerun: 'SKIP' }),
        [step('third')],
      ],
      'up({ migrations, rerun: ALLOW })': [
        1,
        () => umzug.up({ migrations: ['first', 'second'], rerun: 'ALLOW' }),
        [step('first'), step('second')],
      ],
      'down()': [3, () => umzug.down(), [step('third', true)]],
      'down({ to: 0 })': [
        2,
        () => umzug.down({ to: 0 }),
        [step('second', true), step('first', true)],
      ],
      'down({ to })': [
        3,
        () => umzug.down({ to: 'second' }),
        [step('third', true), step('second', true)],
      ],
      'down({ step })': [
        3,
        () => umzug.down({ step: 2 }),
        [step('third', true), step('second', true)],
      ],
    };
  for (const [call, [before, run, plan]] of Object.entries(runs)) {
    it(`knows what ${call} is going to run`, async () => {
      if (before > 0) await umzug.up({ step: before });
      connectUmzug(umzug, { using: 'main' });

      await run();

      expect(log).to.deep.equal([
        ['preMigrate', 'main', plan],
        ['postMigrate', 'main', plan],
      ]);
    });
  }

  it('sends no postMigrate after a migration that failed', async () => {
    umzug = umzugOf('first', 'broken');
    connectUmzug(umzug, { using: connection.sequelize });

    const error = await rejectionOf(umzug.up());

    expect(error.message).to.contain('boom');
    expect(log.map(([signal]) => signal)).to.deep.equal(['preMigrate']);
  });

  it('runs nothing when a receiver of preMigrate fails (D-076)', async () => {
    connectUmzug(umzug, { using: 'main' });
    const fail = () => {
      throw new Error('boom');
    };
    undo.push(preMigrate.connect(fail));

    await rejectionOf(umzug.up());

    expect(await umzug.executed()).to.deep.equal([]);
  });

  it('sends nothing when it is only asked what there is to run (D-289)', async () => {
    connectUmzug(umzug, { using: 'main' });

    await umzug.pending();
    await umzug.executed();

    expect(log).to.deep.equal([]);
  });

  it('sends them outside of the transactions of the migrations (D-291)', async () => {
    const inBlock: boolean[] = [];
    const note = () => void inBlock.push(transaction.inAtomicBlock({ using: 'main' }));
    umzug = new Umzug({
      migrations: [
        { name: 'first', up: () => atomic({ using: 'main' }, async () => note()) },
        { name: 'second', up: () => atomic({ using: 'main' }, async () => note()) },
      ],
      storage: memoryStorage(),
      logger: undefined,
    });
    connectUmzug(umzug, { using: 'main' });
    undo.push(preMigrate.connect(note), postMigrate.connect(note));

    await umzug.up();

    expect(inBlock).to.deep.equal([false, true, true, false]);
  });

  it('is undone by what it returns, and done once', async () => {
    const disconnect = connectUmzug(umzug, { using: 'main' });
    expect(connectUmzug(umzug, { using: 'main' })).to.equal(disconnect);
    await umzug.up({ step: 1 });

    disconnect();
    await umzug.up();

    expect(log).to.have.length(2);
    expect(Object.hasOwn(umzug, 'up')).to.equal(false);
  });

  it('refuses what is no Umzug, and databases that are not installed', () => {
    expect(() => connectUmzug({} as Umzug)).to.throw(InvalidArgumentError);
    expect(() => connectUmzug(umzug, { using: 'other' })).to.throw(NotInstalledError);
  });
});
