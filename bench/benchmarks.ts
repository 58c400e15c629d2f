import type { Benchmark } from './benchmark.js';

/** The files of benchmarks, in the order of the report. */
const FILES = [
  'signals/sending',
  'signals/sending-sync',
  'signals/connecting',
  'models/create',
  'models/load',
  'transactions/atomic',
  'transactions/awaiting',
  'transactions/on-commit',
  'transactions/shop',
  'package/loading',
  'package/size',
] as const;

export type BenchmarkFile = (typeof FILES)[number];

/** A benchmark, and the file that a process loads to run it. */
export interface Listed {
  readonly file: BenchmarkFile;
  readonly benchmark: Benchmark;
}

/** All benchmarks. */
export function allBenchmarks(): Listed[] {
  return FILES.flatMap((file) => benchmarksIn(file).map((benchmark) => ({ file, benchmark })));
}

/** Loads the benchmarks of one file, and nothing of the others: loading can change a process. */
export function benchmarksIn(file: string): readonly Benchmark[] {
  return require(`./${file}.bench.js`).benchmarks;
}
