/** One way of doing the job that a benchmark is about. */
export interface Contender {
  /**
   * Does the job so many times; a promise is awaited. What takes its time in a process of its own,
   * or is not a time, measures by itself and returns a number, in the unit of the benchmark.
   */
  run(times: number): unknown;
  /** Throws unless the job was really done so many times, counted over all calls of `run`. */
  check(times: number): void | Promise<void>;
}

/** Makes a contender, in the process in which it is measured. */
export type MakeContender = () => Contender | Promise<Contender>;

/** What the library is to reach. */
export type Target =
  /** At most so many times what a peer takes. */
  | { readonly against: string; readonly atMost: number }
  /** At most so much more than a peer takes, in the unit of the benchmark. */
  | { readonly against: string; readonly within: number }
  /** Less than this, in the unit of the benchmark. */
  | { readonly below: number };

/** The units in which results are told. */
export type Unit = 'ns' | 'µs' | 'ms' | 'kB';

/** The library beside what a user would pick instead. */
export interface Benchmark {
  readonly name: string;
  /** The unit of one time of the job. */
  readonly unit: Unit;
  /** Which time counts. @defaultValue 'wall' */
  readonly clock?: 'wall' | 'cpu';
  readonly ours: MakeContender;
  readonly peers: Readonly<Record<string, MakeContender>>;
  /** The first one names the peer whose ratio is the result. */
  readonly targets: readonly Target[];
  /** Gives each contender a process to itself: for what changes the whole process. */
  readonly apart?: boolean;
  /** How often each contender is measured. @defaultValue 31 */
  readonly rounds?: number;
  /** How long one measurement is to take, in milliseconds. @defaultValue 25 */
  readonly sample?: number;
  /** How many times a measurement does the job, where the number is part of the question. */
  readonly times?: number;
}
