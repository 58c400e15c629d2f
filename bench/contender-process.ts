import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Listed } from './benchmarks.js';

/** Asks the process for something. */
export type Request =
  | { readonly do: 'measure'; readonly contender: string; readonly times: number }
  | { readonly do: 'check' };

/** What one measurement took: in milliseconds, or as the contender itself measured it. */
export interface Sample {
  readonly wall: number;
  readonly cpu: number;
  readonly own?: number | undefined;
}

/** What the process answers. */
export type Answer = { readonly sample: Sample } | { readonly failure: string } | 'checked';

/** A process in which contenders of one benchmark are measured. */
export class ContenderProcess {
  readonly #process: ChildProcess;
  readonly #exit: Promise<number | null>;

  constructor({ file, benchmark }: Listed) {
    this.#process = fork(join(__dirname, 'measure.js'), [file, benchmark.name], {
      execArgv: ['--expose-gc', '--no-warnings', ...process.execArgv],
    });
    this.#exit = once(this.#process, 'exit').then(([code]) => code);
  }

  /** Has a contender do its job so many times. */
  async measure(contender: string, times: number): Promise<Sample> {
    const answer = await this.#ask({ do: 'measure', contender, times });
    if (answer === 'checked') throw new Error('The process answered another question.');
    return answer.sample;
  }

  /** Has the contenders verify what they did, and ends the process. */
  async finish(): Promise<void> {
    await this.#ask({ do: 'check' });
    this.#process.disconnect();
    await this.#exit;
  }

  /** Ends the process as it is. */
  kill(): void {
    this.#process.kill();
  }

  async #ask(request: Request): Promise<Exclude<Answer, { failure: string }>> {
    const answer = await new Promise<Answer>((resolve) => {
      this.#process.once('message', resolve);
      void this.#exit.then((code) => resolve({ failure: `The process ended with code ${code}.` }));
      this.#process.send(request);
    });
    if (typeof answer === 'object' && 'failure' in answer) throw new Error(answer.failure);
    return answer;
  }
}
