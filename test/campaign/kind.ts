import type { Options, Sequelize } from 'sequelize';
import type { Tally } from './tally.js';

/** What came of one program, whatever it is about. */
export interface Judged {
  /** What is wrong; nothing is, where there are none. */
  readonly complaints: readonly string[];
}

/** A database in which programs run one after another. */
export interface Ground<Program, Verdict extends Judged> {
  run(program: Program): Promise<Verdict>;
  /** Throws when something is open still. */
  close(): Promise<void>;
  /** Ends the connections of what may be open still. */
  abandon(): Promise<void>;
}

/** What random programs are about: how they are made, run, made smaller and printed. */
export interface Kind<Program, Verdict extends Judged> {
  /** The program of this number: the same each time. */
  generate(seed: number): Program;
  /** @param connect - makes a Sequelize on an empty database, which is closed by whoever made it. */
  open(connect: (options?: Options) => Sequelize): Promise<Ground<Program, Verdict>>;
  smallerThan(program: Program): Iterable<Program>;
  textOf(program: Program): string;
  count(tally: Tally, program: Program, verdict: Verdict): void;
}
