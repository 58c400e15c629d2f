import { once } from 'node:events';
import { Agent, type IncomingMessage, request as send } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import type { Sequelize } from 'sequelize';
import {
  atomic,
  type Connection,
  configure,
  install,
  onCommit,
  transaction,
} from 'sequelize-signals';
import { Dice } from '../campaign/dice.js';
import { describeOnEachDatabase } from '../support/databases.js';
import { addDebts, defersForeignKeys, owe } from '../support/debts.js';
import { type Answering, FRAMEWORKS } from '../support/frameworks.js';
import { Ledger } from '../support/ledger.js';
import { expectIdlePool, expectNoSessionInTransaction } from '../support/pool.js';
import { rejectionOf } from '../support/rejection.js';
import { Site } from '../support/site.js';

/** What one request does. */
interface Plan {
  readonly id: string;
  readonly rows: number;
  readonly answer: 'whole' | 'stream' | 'file-like stream';
  /** Where the view fails. */
  readonly fails: 'not' | 'before its answer' | 'after its answer' | 'in a nested block';
  /** What becomes of the transaction, if the view does not fail. */
  readonly end:
    | 'is stored'
    | 'is rolled back on wish'
    | 'has a callback that fails'
    | 'fails at COMMIT'
    | 'swallows an error'
    | 'loses its connection';
  /** When the client goes away. */
  readonly leaves: 'not' | 'at once' | 'after a while' | 'at the first byte';
  readonly pauses: readonly number[];
}

/** What a client heard. */
type Told = { readonly status: number; readonly body: string } | 'nothing';

const REQUESTS = Number(process.env.RANDOM_REQUESTS ?? 0);

for (const framework of FRAMEWORKS) {
  describeOnEachDatabase(`random requests to ${framework.name}`, (database) => {
    // Writers of one SQLite file wait for each other in the threads that the writer needs.
    const connections = database.name === 'sqlite file' ? 2 : 50;
    const requests = REQUESTS || (database.name === 'sqlite file' ? 60 : 250);

    let connection: Connection;

    before(() => {
      connection = install(database.connect());
      configure({ logger: { error: () => {}, warn: () => {} } });
    });
    after(() => {
      configure({ logger: null });
      connection?.uninstall();
    });

    it(`tell ${connections} clients what is stored, and nothing else`, async function () {
      this.timeout(120_000);
      const seed = Number(process.env.SEED ?? 20);
      const dice = new Dice(seed);
      const plans = Array.from({ length: requests }, (_, at) => planOf(dice, `${at}`, database));
      const ledger = await Ledger.open(connection.sequelize);
      if (defersForeignKeys(database)) await addDebts(connection.sequelize);
      const planned = new Map(plans.map((plan) => [plan.id, plan]));
      const serving = { view: viewOf(planned, ledger), options: { grace: 5000 } };
      const site = await Site.open(await framework.serve(serving));

      const told = await askAll(site, connections, plans, dice);
      await site.close();
      await settled(connection.sequelize);

      const stored = new Map<string, number>();
      for (const name of await ledger.rows()) {
        const [id = ''] = name.split('/');
        stored.set(id, (stored.get(id) ?? 0) + 1);
      }
      const committed = new Set(ledger.called);
      const complaints = plans.flatMap((plan) => {
        const fault = faultOf(plan, told.get(plan.id), stored.get(plan.id) ?? 0, committed);
        return fault === undefined ? [] : [`${fault}: ${JSON.stringify(plan)}`];
      });
      expect(complaints, `seed ${seed}`).to.deep.equal([]);
      // Enough of each was told that the comparison says something.
      const answers = [...told.values()];
      const share = (is: (told: Told) => boolean) => answers.filter(is).length / requests;
      expect(share((each) => each !== 'nothing' && each.status === 200)).to.be.above(0.2);
      expect(share((each) => each !== 'nothing' && each.status === 500)).to.be.above(0.2);
      expect(share((each) => each === 'nothing')).to.be.above(0.05);

      expectIdlePool(connection.sequelize);
      await expectNoSessionInTransaction(connection.sequelize);
    });
  });
}

function planOf(dice: Dice, id: string, database: Parameters<typeof defersForeignKeys>[0]): Plan {
  return {
    id,
    rows: dice.whole(1, 3),
    answer: dice.weighted([
      [5, 'whole'],
      [2, 'stream'],
      [1, 'file-like stream'],
    ]),
    fails: dice.weighted([
      [6, 'not'],
      [1, 'before its answer'],
      [1, 'after its answer'],
      [1, 'in a nested block'],
    ]),
    end: dice.weighted<Plan['end']>([
      [8, 'is stored'],
      [1, 'is rolled back on wish'],
      [1, 'has a callback that fails'],
      [defersForeignKeys(database) ? 3 : 0, 'fails at COMMIT'],
      [2, 'swallows an error'],
      [database.dialect === 'sqlite' ? 0 : 1, 'loses its connection'],
    ]),
    leaves: dice.weighted([
      [12, 'not'],
      [1, 'at once'],
      [1, 'after a while'],
      [1, 'at the first byte'],
    ]),
    pauses: Array.from({ length: 8 }, () => dice.whole(0, 3)),
  };
}

/** A view that does what is planned for the request that it answers. */
function viewOf(plans: ReadonlyMap<string, Plan>, ledger: Ledger) {
  return async ({ raw, status, header, send: answer }: Answering): Promise<void> => {
    const id = String(raw.req.headers['x-id']);
    const plan = plans.get(id);
    if (plan === undefined) throw new Error(`There is no plan ${id}.`);
    const { pauses } = plan;
    let at = 0;
    const pause = async () => {
      const turns = pauses[at] ?? 0;
      at += 1;
      for (let left = turns; left > 0; left -= 1) await turn();
    };

    for (let row = 1; row <= plan.rows; row += 1) {
      await ledger.write(`${id}/${row}`);
      await pause();
    }
    await onCommit(() => {
      ledger.called.push(id);
      if (plan.end === 'has a callback that fails') throw new Error('of the callback');
    });
    if (plan.fails === 'before its answer') throw new Error('before');
    if (plan.fails === 'in a nested block') {
      await rejectionOf(
        atomic(async () => {
          await ledger.write(`${id}/nested`);
          throw new Error('nested');
        }),
      );
    }
    await arrangeEnd(plan, ledger);
    status(200);
    header('x-view', id);
    if (plan.answer === 'whole') {
      answer(`stored ${id}`);
    } else {
      raw.writeHead(200, { 'x-view': id });
      raw.write('stored ');
      await pause();
      if (plan.answer === 'file-like stream') raw.write('x'.repeat(100_000));
      if (plan.fails === 'after its answer') throw new Error('in the middle');
      raw.end(id);
    }
    await pause();
    if (plan.fails === 'after its answer') throw new Error('after');
  };
}

async function arrangeEnd({ end, id }: Plan, ledger: Ledger): Promise<void> {
  const { sequelize } = ledger;
  if (end === 'is rolled back on wish') transaction.setRollback(true);
  if (end === 'fails at COMMIT') await owe(sequelize);
  if (end === 'swallows an error') await rejectionOf(ledger.write(`${id}/1`));
  if (end === 'loses its connection') {
    const kill =
      sequelize.getDialect() === 'postgres'
        ? 'SELECT pg_terminate_backend(pg_backend_pid())'
        : 'KILL CONNECTION_ID()';
    await rejectionOf(sequelize.query(kill));
  }
}

/** Sends the requests over so many connections, each of which is kept and has one request at a time. */
async function askAll(
  site: Site,
  connections: number,
  plans: readonly Plan[],
  dice: Dice,
): Promise<Map<string, Told>> {
  const told = new Map<string, Told>();
  const waiting = [...plans];
  const client = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let plan = waiting.shift(); plan; plan = waiting.shift()) {
      told.set(plan.id, await ask(site, agent, plan, dice.whole(1, 20)));
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: connections }, client));
  return told;
}

async function ask(site: Site, agent: Agent, plan: Plan, turns: number): Promise<Told> {
  const headers = { 'x-id': plan.id };
  const request = send({ port: site.port, host: '127.0.0.1', headers, agent });
  const leave = () => request.destroy();
  request.end();
  if (plan.leaves === 'at once') request.once('finish', leave);
  if (plan.leaves === 'after a while') wait(turns).then(leave, leave);
  try {
    const [response]: IncomingMessage[] = await once(request, 'response');
    if (response === undefined) return 'nothing';
    if (plan.leaves === 'at the first byte') leave();
    const parts: Buffer[] = [];
    response.on('data', (part) => parts.push(part));
    await once(response, 'end');
    // A connection that is cut also ends the response.
    if (!response.complete) return 'nothing';
    return { status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() };
  } catch {
    return 'nothing';
  }
}

async function wait(turns: number): Promise<void> {
  for (let left = turns; left > 0; left -= 1) await turn();
}

/** Waits for the views of clients that have gone away. */
async function settled(sequelize: Sequelize): Promise<void> {
  for (let time = 0; time < 500; time += 1) {
    try {
      await turn();
      expectIdlePool(sequelize);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** What is wrong with what a client was told, and what is stored; nothing where it agrees. */
function faultOf(
  plan: Plan,
  told: Told | undefined,
  stored: number,
  committed: ReadonlySet<string>,
): string | undefined {
  if (stored !== 0 && stored !== plan.rows) return `${stored} rows are stored of ${plan.rows}`;
  if (stored > 0 !== committed.has(plan.id)) return 'callbacks and rows do not agree';
  if (told === undefined || told === 'nothing') return undefined; // lost on the way: all or nothing
  if (told.status === 200) {
    if (!told.body.startsWith('stored ') || !told.body.endsWith(plan.id)) return 'another answer';
    if (stored === 0 && plan.end !== 'is rolled back on wish') return 'a success without rows';
    return undefined;
  }
  if (!told.body.startsWith('handled')) return `${told.status} ${told.body}`;
  if (stored > 0 && plan.end !== 'has a callback that fails') return 'rows without a success';
  return undefined;
}
