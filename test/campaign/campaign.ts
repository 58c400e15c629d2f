import { type Options, Sequelize } from 'sequelize';
import type { EmptyDatabase, Server } from '../support/servers/server.js';
import { Arena, type Verdict } from './arena.js';
import { type Features, generate } from './generate.js';
import type { Program } from './program.js';
import { shrink } from './shrink.js';
import type { Tally } from './tally.js';
import { textOf } from './text.js';

/** How many programs run side by side, each in a database of its own: most of their time is waiting. */
const LANES = 3;

/** Which programs a campaign runs on one server. */
export interface Campaign {
  readonly server: Server;
  readonly features: Features;
  readonly seed: number;
  readonly programs: number;
  readonly tally: Tally;
  /** Whether to stop. */
  hasEnough(): boolean;
  /** Is called after each program. */
  onProgram(): void;
  /** Is called with each failure: the number of the program, and what is wrong with it. */
  onFailure(seed: number, text: string): void;
}

/** Runs the programs of a campaign on its server. */
export async function runCampaign(campaign: Campaign): Promise<void> {
  const { seed, programs, tally } = campaign;
  let next = seed;
  const lane = async (): Promise<void> => {
    const ground = new Ground(campaign);
    while (next < seed + programs && !campaign.hasEnough()) {
      const number = next++;
      const program = generate(number, campaign.features);
      const verdict = await ground.run(program);
      tally.add(program, verdict);
      if (verdict.complaints.length > 0) {
        campaign.onFailure(number, await explain(program, verdict, ground));
      }
      campaign.onProgram();
    }
    await ground.close();
  };
  await Promise.all(Array.from({ length: Math.min(LANES, programs) }, lane));
}

/** What is wrong with a program, and the smallest that shows it. */
async function explain(program: Program, verdict: Verdict, ground: Ground): Promise<string> {
  let complaints = verdict.complaints;
  const smallest = await shrink(program, async (smaller) => {
    const found = (await ground.run(smaller)).complaints;
    if (found.length > 0) complaints = found;
    return found.length > 0;
  });
  return [...complaints, textOf(smallest)].join('\n').replaceAll(/^/gm, '  ');
}

/** A database with an arena in it. */
class Ground {
  readonly #server: Server;
  readonly #features: Features;
  #opened: Opened | undefined;

  constructor({ server, features }: Campaign) {
    this.#server = server;
    this.#features = features;
  }

  async run(program: Program): Promise<Verdict> {
    this.#opened ??= await open(this.#server, this.#features);
    const verdict = await this.#opened.arena.run(program);
    if (verdict.complaints.length > 0) this.#abandon(this.#opened);
    return verdict;
  }

  /** Who knows what was left open: to wait for its end might be for ever. */
  #abandon({ arena, database }: Opened): void {
    this.#opened = undefined;
    arena
      .abandon()
      .then(() => database.drop())
      .catch(() => {});
  }

  async close(): Promise<void> {
    if (this.#opened === undefined) return;
    const { arena, connected, database } = this.#opened;
    await arena.close();
    for (const sequelize of connected) await sequelize.close();
    await database.drop();
  }
}

interface Opened {
  readonly database: EmptyDatabase;
  readonly connected: readonly Sequelize[];
  readonly arena: Arena;
}

async function open(server: Server, features: Features): Promise<Opened> {
  const database = await server.createDatabase();
  const connected: Sequelize[] = [];
  const connect = (options: Options = {}): Sequelize => {
    const sequelize = new Sequelize({ logging: false, ...database.options, ...options });
    connected.push(sequelize);
    return sequelize;
  };
  return { database, connected, arena: await Arena.open(connect, features) };
}
