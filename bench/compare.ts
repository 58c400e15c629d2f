import type { Benchmark, Target } from './benchmark.js';
import type { Listed } from './benchmarks.js';
import { ContenderProcess, type Sample } from './contender-process.js';

/** How thorough a run is. */
export interface Thoroughness {
  /** Does everything once and little, to see that it works. */
  readonly short: boolean;
}

/** How far a target was reached. */
export interface Reached {
  readonly target: Target;
  /** What the target is about: a ratio, a difference, or a value. */
  readonly value: number;
  readonly holds: boolean;
}

/** What a benchmark found. */
export interface Result {
  readonly name: string;
  /** What the library takes by what `against` takes, as the median over the rounds. */
  readonly ratio: number;
  readonly against: string;
  /** The middle half of the rounds had ratios between these. */
  readonly spread: readonly [number, number];
  readonly unit: string;
  readonly clock: 'wall' | 'cpu';
  readonly ours: number;
  readonly peers: Readonly<Record<string, number>>;
  readonly targets: readonly Reached[];
}

/** The measurements of one contender, one a round, in the unit of the benchmark. */
type Series = readonly number[];

/** Measures the library beside its peers, in turns, so that what slows the machine slows all. */
export async function compare(listed: Listed, how: Thoroughness): Promise<Result> {
  const { benchmark } = listed;
  const names = ['ours', ...Object.keys(benchmark.peers)];
  const processes = new Processes(listed, names);
  try {
    const series = await measureInTurns(benchmark, names, processes, how);
    await processes.finish();
    return resultOf(benchmark, series);
  } finally {
    processes.kill();
  }
}

/** The processes of the contenders: one for all, or one for each. */
class Processes {
  readonly #byName: ReadonlyMap<string, ContenderProcess>;

  constructor(listed: Listed, names: readonly string[]) {
    const one = listed.benchmark.apart ? undefined : new ContenderProcess(listed);
    this.#byName = new Map(names.map((name) => [name, one ?? new ContenderProcess(listed)]));
  }

  measure(contender: string, times: number): Promise<Sample> {
    const process = this.#byName.get(contender);
    if (!process) throw new Error(`There is no contender "${contender}".`);
    return process.measure(contender, times);
  }

  async finish(): Promise<void> {
    for (const process of new Set(this.#byName.values())) await process.finish();
  }

  kill(): void {
    for (const process of this.#byName.values()) process.kill();
  }
}

async function measureInTurns(
  benchmark: Benchmark,
  names: readonly string[],
  processes: Processes,
  how: Thoroughness,
): Promise<Map<string, Series>> {
  const times = new Map<string, number>();
  for (const name of names) times.set(name, await chooseTimes(benchmark, name, processes, how));

  const series = new Map<string, number[]>(names.map((name) => [name, []]));
  const rounds = how.short ? 1 : (benchmark.rounds ?? 31);
  for (let round = 0; round < rounds; round += 1) {
    // Whoever goes first in one round goes last in the next.
    const order = round % 2 === 0 ? names : names.toReversed();
    for (const name of order) {
      const count = times.get(name) ?? 1;
      const sample = await processes.measure(name, count);
      series.get(name)?.push(perTime(benchmark, sample, count));
    }
  }
  return series;
}

/** Finds how many times fill a sample, and so warms the contender up. */
async function chooseTimes(
  benchmark: Benchmark,
  name: string,
  processes: Processes,
  { short }: Thoroughness,
): Promise<number> {
  if (short) return Math.min(benchmark.times ?? 2, 100);
  if (benchmark.times !== undefined) return benchmark.times;

  const wanted = benchmark.sample ?? 25;
  for (let times = 1; ; times *= 2) {
    const { wall } = await processes.measure(name, times);
    if (wall < wanted / 2) continue;
    // The last ones were measured while the code was still being compiled.
    const again = await processes.measure(name, times);
    return Math.max(1, Math.round((times * wanted) / again.wall));
  }
}

const MILLISECONDS = { ns: 1e6, µs: 1e3, ms: 1, kB: 1 };

function perTime({ unit, clock = 'wall' }: Benchmark, sample: Sample, times: number): number {
  return sample.own ?? (sample[clock] * MILLISECONDS[unit]) / times;
}

function resultOf(benchmark: Benchmark, series: ReadonlyMap<string, Series>): Result {
  const ours = series.get('ours') ?? [];
  const peerNames = Object.keys(benchmark.peers);
  const first = benchmark.targets.find((target) => 'against' in target);
  const against = first?.against ?? peerNames[0] ?? 'ours';
  const ratios = ratiosOf(ours, series.get(against) ?? []);
  return {
    name: benchmark.name,
    ratio: quantile(ratios, 0.5),
    against,
    spread: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
    unit: benchmark.unit,
    clock: benchmark.clock ?? 'wall',
    ours: quantile(ours, 0.5),
    peers: Object.fromEntries(
      peerNames.map((name) => [name, quantile(series.get(name) ?? [], 0.5)]),
    ),
    targets: benchmark.targets.map((target) => reached(target, ours, series)),
  };
}

function reached(target: Target, ours: Series, series: ReadonlyMap<string, Series>): Reached {
  if ('below' in target) {
    const value = quantile(ours, 0.5);
    return { target, value, holds: value < target.below };
  }
  const peer = series.get(target.against) ?? [];
  if ('within' in target) {
    const value = quantile(
      pairwise(ours, peer, (a, b) => a - b),
      0.5,
    );
    return { target, value, holds: value <= target.within };
  }
  const value = quantile(ratiosOf(ours, peer), 0.5);
  return { target, value, holds: value <= target.atMost };
}

/** The ratio of each round: both were measured within it, one right after the other. */
function ratiosOf(ours: Series, peer: Series): number[] {
  return pairwise(ours, peer, (a, b) => a / b);
}

function pairwise(
  ours: Series,
  peer: Series,
  combine: (ours: number, peer: number) => number,
): number[] {
  return ours.map((value, round) => combine(value, peer[round] ?? Number.NaN));
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) * part;
  const below = sorted[Math.floor(middle)] ?? Number.NaN;
  const above = sorted[Math.ceil(middle)] ?? Number.NaN;
  return (below + above) / 2;
}
