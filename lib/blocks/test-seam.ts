import { FlowValue } from '../base/index.js';
import type { Callback, Capture, DueCallback } from './callbacks.js';
import type { RealTransaction, TransactionSource } from './source.js';

/** Ends a commit in a way of its own, in place of `transaction.commit()`. */
export type CommitFault = (transaction: RealTransaction) => Promise<boolean>;

/**
 * The one place at which tests change what a database does: what its transactions are made of,
 * which commits fail, and who gets the callbacks. While nobody tests, everything passes through.
 */
export class TestSeam {
  readonly #pool: TransactionSource;
  readonly #sourceOfFlow = new FlowValue<TransactionSource>();
  readonly #captureOfFlow = new FlowValue<Capture>();
  readonly #everywhere: Capture[] = [];
  readonly #everywhereOfFlow = new FlowValue<Capture>();
  readonly #whoMisses = new Set<(missed: Callback) => void>();
  readonly #faults: CommitFault[] = [];
  #source: TransactionSource;

  constructor(pool: TransactionSource) {
    this.#pool = pool;
    this.#source = pool;
  }

  /** Where transactions come from, in the current flow. */
  get source(): TransactionSource {
    return this.#sourceOfFlow.get() ?? this.#source;
  }

  /** Whether the whole database is in the transaction of a test. */
  get isInTest(): boolean {
    return this.#source !== this.#pool;
  }

  /** Puts another source in the place of the present one. Returns the undo. */
  replaceSource(source: TransactionSource): () => void {
    const before = this.#source;
    this.#source = source;
    return () => {
      this.#source = before;
    };
  }

  /** Runs `body` in a flow that has a source of its own. */
  runOn<Result>(source: TransactionSource, body: () => Result): Result {
    return this.#sourceOfFlow.run(source, body);
  }

  /** Who gets the callbacks of the current flow: the innermost of its own, else of the process. */
  get capture(): Capture | undefined {
    const capture = this.#captureOfFlow.get();
    return capture?.active ? capture : this.#everywhere.at(-1);
  }

  /** The captures of the whole process that go on, the innermost last. */
  get capturesEverywhere(): readonly Capture[] {
    return this.#everywhere;
  }

  /** Whether a capture of the whole process goes on that the current flow is no part of. */
  get isCapturedByAnother(): boolean {
    const innermost = this.#everywhere.at(-1);
    return innermost !== undefined && innermost !== this.#everywhereOfFlow.get();
  }

  /** Runs `body` in a flow whose callbacks are offered to `capture`. */
  runCapturing<Result>(capture: Capture, body: () => Result): Result {
    return this.#captureOfFlow.run(capture, body);
  }

  /** Offers `capture` the callbacks of all flows that have none of their own, until `body` has settled. */
  async captureEverywhere<Result>(capture: Capture, body: () => Promise<Result>): Promise<Result> {
    this.#everywhere.push(capture);
    try {
      return await this.#everywhereOfFlow.run(capture, () => this.runCapturing(capture, body));
    } finally {
      this.#everywhere.splice(this.#everywhere.indexOf(capture), 1);
    }
  }

  /** Has `tell` told of each callback whose time has come and that no capture gets. Returns the undo. */
  watchMissed(tell: (missed: Callback) => void): () => void {
    this.#whoMisses.add(tell);
    return () => {
      this.#whoMisses.delete(tell);
    };
  }

  /** Tells of those whose time has come. */
  noteDue(due: readonly Pick<DueCallback, 'callback' | 'capture'>[]): void {
    if (this.#whoMisses.size === 0) return;
    for (const { callback } of due.filter(({ capture }) => !capture)) {
      for (const tell of this.#whoMisses) tell(callback);
    }
  }

  /** Commits, unless a test asked for a fault. */
  commit(transaction: RealTransaction): Promise<boolean> {
    const fault = this.#faults.shift();
    return fault ? fault(transaction) : transaction.commit();
  }

  /** Has the next commit that nobody spoke for yet end in `fault`. Returns the undo. */
  failNextCommit(fault: CommitFault): () => void {
    this.#faults.push(fault);
    return () => {
      const index = this.#faults.indexOf(fault);
      if (index >= 0) this.#faults.splice(index, 1);
    };
  }
}
