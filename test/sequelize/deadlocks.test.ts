import { expect } from 'chai';
import type { Sequelize, Transaction } from 'sequelize';
import { atomic, type Connection, install, onCommit } from 'sequelize-signals';
import { describeOnEachDatabase } from '../support/databases.js';
import { deferred } from '../support/deferred.js';
import { FORMS } from '../support/forms.js';
import { Ledger } from '../support/ledger.js';
import { expectIdlePool, expectNoSessionInTransaction } from '../support/pool.js';
import { rejectionOf } from '../support/rejection.js';

/** One of two transactions that want the same two rows. */
interface Player {
  readonly name: string;
  /** Locks a row of its own, and waits until the other player has locked his. */
  prepare(t: Transaction): Promise<void>;
  /** Wants the row of the other player: one of both loses. */
  collide(t: Transaction): Promise<void>;
}

describeOnEachDatabase('a deadlock', (database) => {
  if (database.dialect === 'sqlite') return; // one at a time writes there

  let sequelize: Sequelize;
  let connection: Connection | undefined;
  let ledger: Ledger;

  before(async () => {
    sequelize = database.connect();
    connection = install(sequelize);
    ledger = await Ledger.open(sequelize);
    // Apart from the entries, whose index MariaDB locks in ranges.
    await sequelize.query('CREATE TABLE stakes (id INTEGER PRIMARY KEY, bets INTEGER)');
    await sequelize.query('INSERT INTO stakes VALUES (0, 0), (1, 0)');
  });
  beforeEach(() => ledger.clear());
  afterEach(async () => {
    expectIdlePool(sequelize);
    await expectNoSessionInTransaction(sequelize);
  });
  after(() => connection?.uninstall());

  for (const form of FORMS) {
    describe(`in ${form.title}`, () => {
      it('undoes the loser and rejects it with the error of the server', async () => {
        const { winner, error } = await play((player) =>
          form.run(sequelize, async (t) => {
            await player.prepare(t);
            await player.collide(t);
          }),
        );

        expect(error).to.have.nested.property('parent.sql');
        await expectOnly(winner);
      });

      it('stores nothing that the loser writes after catching the error', async () => {
        const { winner } = await play((player) =>
          form.run(sequelize, async (t) => {
            await player.prepare(t);
            const lost = await player.collide(t).catch((error: Error) => error);
            if (lost) await rejectionOf(ledger.write('slipped out', t));
          }),
        );

        await expectOnly(winner);
      });

      it('is undone with the inner block that met it, or with all where the server undid all', async () => {
        const { players, outcomes } = await meet((player) =>
          form.run(sequelize, async (t) => {
            await player.prepare(t);
            const inner = atomic({ transaction: t }, (savepoint) => player.collide(savepoint));
            const lost = await inner.catch((error: Error) => error);
            if (lost) await ledger.write('after it', t);
          }),
        );

        const won = players
          .filter((_, index) => outcomes[index]?.status === 'fulfilled')
          .map(({ name }) => name);
        const goesOn = database.dialect === 'postgres';
        expect(won).to.have.length(goesOn ? 2 : 1);
        expect(await ledger.rows()).to.have.members(goesOn ? [...won, 'after it'] : won);
        expect(ledger.called).to.have.members(won);
      });

      it('stores nothing that the loser sends together with the statement that met it', async () => {
        const { winner } = await play((player) =>
          form.run(sequelize, async (t) => {
            await player.prepare(t);
            const sent = [player.collide(t), ledger.write(`beside ${player.name}`, t)];
            await Promise.allSettled(sent);
            await Promise.all(sent);
          }),
        );

        await ledger.expectDone([winner, `beside ${winner}`], [winner]);
      });

      it('stores nothing that the loser writes beside a savepoint that met it', async () => {
        const { winner } = await play((player) =>
          form.run(sequelize, async (t) => {
            await player.prepare(t);
            const savepoint = await sequelize.transaction({ transaction: t });
            const lost = await player.collide(savepoint).catch((error: Error) => error);
            if (lost) await rejectionOf(ledger.write('slipped out', t));
          }),
        );

        await expectOnly(winner);
      });
    });
  }

  it('is played again with `retry`, without the callbacks of the lost attempt', async () => {
    let attempts = 0;
    const { players, outcomes } = await meet((player) =>
      atomic({ retry: { times: 1 } }, async (t) => {
        attempts += 1;
        if (attempts > 2) return ledger.do(player.name);
        await player.prepare(t);
        await player.collide(t);
      }),
    );

    expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'fulfilled']);
    expect(attempts).to.equal(3);
    const names = players.map(({ name }) => name);
    expect(await ledger.rows()).to.have.members(names);
    expect(ledger.called).to.have.members(names);
  });

  it('is played again with `retry` where the application threw an error of its own after it', async () => {
    let attempts = 0;
    const { players } = await meet((player) =>
      atomic({ retry: { times: 1 } }, async (t) => {
        attempts += 1;
        if (attempts > 2) return ledger.do(player.name);
        await player.prepare(t);
        await player.collide(t).catch(() => {
          throw new Error('the table is not available');
        });
      }),
    );

    expect(attempts).to.equal(3);
    expect(await ledger.rows()).to.have.members(players.map(({ name }) => name));
  });

  it('is played again with `retry` where a nested block met it, and another error came out', async () => {
    let attempts = 0;
    const { players } = await meet((player) =>
      atomic({ retry: { times: 1 } }, async (t) => {
        attempts += 1;
        if (attempts > 2) return ledger.do(player.name);
        await player.prepare(t);
        const lost = await atomic((inner) => player.collide(inner)).catch((error: Error) => error);
        if (lost) throw new Error('the table is not available');
      }),
    );

    expect(attempts).to.equal(3);
    expect(await ledger.rows()).to.have.members(players.map(({ name }) => name));
  });

  /** Plays, and tells who won and why the other one lost. */
  async function play(
    turn: (player: Player) => Promise<void>,
  ): Promise<{ winner: string; error: Error }> {
    const { players, outcomes } = await meet(turn);
    const lost = outcomes.findIndex(({ status }) => status === 'rejected');
    expect(outcomes.filter(({ status }) => status === 'rejected')).to.have.length(1);
    return {
      winner: players[1 - lost]?.name ?? '',
      error: (outcomes[lost] as PromiseRejectedResult).reason,
    };
  }

  async function meet(turn: (player: Player) => Promise<unknown>): Promise<{
    players: Player[];
    outcomes: PromiseSettledResult<unknown>[];
  }> {
    const arrived = [deferred(), deferred()];
    const players = ['first', 'second'].map((name, own): Player => {
      const other = 1 - own;
      return {
        name,
        async prepare(t) {
          if (database.dialect === 'postgres') {
            await sequelize.query("SET LOCAL deadlock_timeout = '10ms'", { transaction: t });
          }
          await ledger.write(name, t);
          await onCommit(ledger.callback(name), { transaction: t });
          await bet(own, t);
          arrived[own]?.resolve();
          await arrived[other]?.promise;
        },
        collide: (t) => bet(other, t),
      };
    });
    return { players, outcomes: await Promise.allSettled(players.map(turn)) };
  }

  async function bet(id: number, transaction: Transaction): Promise<void> {
    await sequelize.query(`UPDATE stakes SET bets = bets + 1 WHERE id = ${id}`, { transaction });
  }

  async function expectOnly(winner: string): Promise<void> {
    await ledger.expectDone([winner]);
  }
});
