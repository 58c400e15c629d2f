import { type Options, Sequelize } from 'sequelize';
import type { EmptyDatabase, Server } from '../support/servers/server.js';
import type { Ground, Judged, Kind } from './kind.js';
import { shrink } from './shrink.js';
import type { Tally } from './tally.js';

/** How many programs run side by side, each in a database of its own: most of their time is waiting. */
const LANES = 3;

/** Which programs a campaign runs on one server. */
export interface Campaign<Program, Verdict extends Judged> {
  readonly server: Server;
  readonly kind: Kind<Program, Verdict>;
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
export async function runCampaign<Program, Verdict extends Judged>(
  campaign: Campaign<Program, Verdict>,
): Promise<void> {
  const { kind, seed, programs, tally } = campaign;
  let next = seed;
  const run = async (): Promise<void> => {
    const lane = new Lane(campaign);
    while (next < seed + programs && !campaign.hasEnough()) {
      const number = next++;
      const program = kind.generate(number);
      const verdict = await lane.run(program);
      kind.count(tally, program, verdict);
      if (verdict.complaints.length > 0) {
        campaign.onFailure(number, await explain(kind, program, verdict, lane));
      }
      campaign.onProgram();
    }
    await lane.close();
  };
  await Promise.all(Array.from({ length: Math.min(LANES, programs) }, run));
}

/** What is wrong with a program, and the smallest that shows it. */
async function explain<Program, Verdict extends Judged>(
  kind: Kind<Program, Verdict>,
  program: Program,
  verdict: Verdict,
  lane: Lane<Program, Verdict>,
): Promise<string> {
  let complaints = verdict.complaints;
  const smallest = await shrink(program, kind.smallerThan, async (smaller) => {
    const found = (await lane.run(smaller)).complaints;
    if (found.length > 0) complaints = found;
    return found.length > 0;
  });
  return [...complaints, kind.textOf(smallest)].join('\n').replaceAll(/^/gm, '  ');
}

/** A database of its own, with the ground that programs run on. */
class Lane<Program, Verdict extends Judged> {
  readonly #server: Server;
  readonly #kind: Kind<Program, Verdict>;
  #opened: Opened<Program, Verdict> | undefined;

  constructor({ server, kind }: Campaign<Program, Verdict>) {
    this.#server = server;
    this.#kind = kind;
  }

  async run(program: Program): Promise<Verdict> {
    this.#opened ??= await open(this.#server, this.#kind);
    const verdict = await this.#opened.ground.run(program);
    if (verdict.complaints.length > 0) this.#abandon(this.#opened);
    return verdict;
  }

  /** Who knows what was left open: to wait for its end might be for ever. */
  #abandon({ ground, database }: Opened<Program, Verdict>): void {
    this.#opened = undefined;
    ground
      .abandon()
      .then(() => database.drop())
      .catch(() => {});
  }

  async close(): Promise<void> {
    if (this.#opened === undefined) return;
    const { ground, connected, database } = this.#opened;
    await ground.close();
    for (const sequelize of connected) await sequelize.close();
    await database.drop();
  }
}

interface Opened<Program, Verdict extends Judged> {
  readonly database: EmptyDatabase;
  readonly connected: readonly Sequelize[];
  readonly ground: Ground<Program, Verdict>;
}

async function open<Program, Verdict extends Judged>(
  server: Server,
  kind: Kind<Program, Verdict>,
): Promise<Opened<Program, Verdict>> {
  const database = await server.createDatabase();
  const connected: Sequelize[] = [];
  const connect = (options: Options = {}): Sequelize => {
    const sequelize = new Sequelize({ logging: false, ...database.options, ...options });
    connected.push(sequelize);
    return sequelize;
  };
  return { database, connected, ground: await kind.open(connect) };
}
