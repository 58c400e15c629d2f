/**
 * Runs random programs on PostgreSQL and MariaDB, through a proxy that cuts and holds up their
 * connections, and compares what was promised with what is stored, what was called back, and what
 * the instances say: `npm run campaign`. With `--models`, programs use models, on SQLite too, and
 * what signals told is compared with what is stored. It fails when one thing is lost, or false.
 */
import { parseArgs } from 'node:util';
import { configure } from 'sequelize-signals';
import { mysql } from '../support/servers/mariadb.js';
import { postgres } from '../support/servers/postgres.js';
import { type Server, ServerUnavailable } from '../support/servers/server.js';
import { sqliteMemory } from '../support/servers/sqlite.js';
import { runCampaign } from './campaign.js';
import type { Features } from './generate.js';
import type { Judged, Kind } from './kind.js';
import { modelKind } from './models/model-kind.js';
import { Tally } from './tally.js';
import { transactionKind } from './transaction-kind.js';

const USAGE = `npm run campaign -- [options]
  --seed N          the number of the first program (1)
  --programs N      how many programs run on each server (10000)
  --only NAME       postgres or mysql, which is MariaDB at MARIADB_URL; "sqlite memory" with --models
  --models          programs about models and their signals
  --failures N      stop after so many failures (5)
  --no-instances    nobody looks at instances after a block that was undone
  --no-tangles      no savepoints by hand that overlap with blocks
  --no-faults       no lost and slow connections`;

const OPTIONS = {
  seed: { type: 'string', default: '1' },
  programs: { type: 'string', default: '10000' },
  only: { type: 'string' },
  failures: { type: 'string', default: '5' },
  models: { type: 'boolean', default: false },
  instances: { type: 'boolean', default: true },
  tangles: { type: 'boolean', default: true },
  faults: { type: 'boolean', default: true },
  help: { type: 'boolean', default: false },
} as const;

const SECONDS_BETWEEN_LINES = 15;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS, allowNegative: true });
  if (values.help) return console.log(USAGE);
  const all: readonly Server[] = [...(values.models ? [sqliteMemory] : []), postgres, mysql];
  const servers = all.filter(({ name }) => (values.only ?? name) === name);
  if (servers.length === 0) throw new Error(`--only ${values.only} is not known.\n${USAGE}`);

  configure({ logger: { error: () => {}, warn: () => {} } });
  const features: Features = {
    faults: values.faults,
    tangles: values.tangles,
    instances: values.instances,
    ownTransactions: true,
    oneConnection: false,
    deadlocks: true,
    inTest: 0.1,
  };
  const seed = wholeNumber('--seed', values.seed);
  const programs = wholeNumber('--programs', values.programs);
  const failures = new Failures(wholeNumber('--failures', values.failures));
  const wanted = { seed, programs, failures };
  await Promise.all(
    servers.map((server) =>
      values.models
        ? reportOn(server, { ...wanted, kind: modelKind })
        : reportOn(server, { ...wanted, kind: transactionKind(features) }),
    ),
  );
  for (const server of servers) await server.stop();
}

/** Counts the failures of all servers, and ends the process when there are enough of them. */
class Failures {
  readonly #most: number;
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(text: string): void {
    this.#count += 1;
    process.exitCode = 1;
    console.log(`\nFAILURE ${this.#count}: ${text}\n`);
  }

  get areEnough(): boolean {
    return this.#count >= this.#most;
  }
}

interface Wanted<Program, Verdict extends Judged> {
  readonly kind: Kind<Program, Verdict>;
  readonly seed: number;
  readonly programs: number;
  readonly failures: Failures;
}

async function reportOn<Program, Verdict extends Judged>(
  server: Server,
  { failures, ...wanted }: Wanted<Program, Verdict>,
): Promise<void> {
  const { name } = server;
  const tally = new Tally();
  const start = performance.now();
  let done = 0;
  let last = start;
  const elapsed = () => `${((performance.now() - start) / 1000).toFixed(0)} s`;
  const onProgram = (): void => {
    done += 1;
    if (performance.now() - last < SECONDS_BETWEEN_LINES * 1000) return;
    last = performance.now();
    console.log(`${name}: ${done} of ${wanted.programs} programs, ${elapsed()}`);
  };
  try {
    await runCampaign({
      ...wanted,
      server,
      tally,
      onProgram,
      onFailure: (seed, text) => failures.add(`${again(name, seed)}\n${text}`),
      hasEnough: () => failures.areEnough,
    });
  } catch (error) {
    if (!(error instanceof ServerUnavailable)) throw error;
    return console.log(`${name}: skipped, ${error.message}`);
  }
  console.log([`${name}: ${done} programs in ${elapsed()}`, ...tally.lines].join('\n'));
}

/** The command that runs a program again: other features make another program of its number. */
function again(server: string, seed: number): string {
  const features = process.argv
    .slice(2)
    .filter((word) => ['--models', '--no-instances', '--no-tangles', '--no-faults'].includes(word));
  return [
    'npm run campaign --',
    ...features,
    `--only "${server}" --seed ${seed} --programs 1`,
  ].join(' ');
}

function wholeNumber(option: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`${option} needs a whole number.\n${USAGE}`);
}

// What a failing program left open would keep the process alive.
main().then(
  () => process.exit(),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
