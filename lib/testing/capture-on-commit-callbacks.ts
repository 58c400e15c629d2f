import {
  BOOLEAN,
  checkOptions,
  functionName,
  InvalidArgumentError,
  logger,
  type OptionRules,
  SignalsError,
} from '../base/index.js';
import type { Callback, Capture, DueCallback, TestSeam } from '../blocks/for-testing.js';
import type { Database } from '../sequelize/index.js';
import { databaseFor, runCallbacks, USING, type Using } from '../transactions/index.js';
import { SavepointSource } from './savepoint-source.js';

/** Options of `captureOnCommitCallbacks`. */
export interface CaptureOptions {
  /** The database: its alias, or the Sequelize instance. @defaultValue 'default' */
  readonly using?: Using | undefined;
  /** Runs the callbacks after the function. @defaultValue false */
  readonly execute?: boolean | undefined;
}

/** {@inheritDoc captureOnCommitCallbacks} */
export interface CaptureCallbacks {
  (body: () => unknown): Promise<Callback[]>;
  (options: CaptureOptions, body: () => unknown): Promise<Callback[]>;
}

/** {@inheritDoc captureOnCommitCallbacks} */
export interface CaptureOnCommitCallbacks extends CaptureCallbacks {
  /**
   * As `captureOnCommitCallbacks`, but captures what any asynchronous flow registers until the
   * function has settled: so do the requests that it sends to a server in this process.
   *
   * @remarks
   * What another capture of its own flow is there for goes to that one. It nests. Where two tests
   * run at the same time it cannot tell whose a callback is: the second call rejects then. What a
   * block of another flow has registered is captured, also if that block is still open at the end.
   *
   * @example
   * ```ts
   * import { captureOnCommitCallbacks } from 'sequelize-signals/testing';
   *
   * const callbacks = await captureOnCommitCallbacks.everywhere({ execute: true }, () =>
   *   fetch('http://localhost:3000/orders', { method: 'POST' }),
   * );
   * console.log(callbacks.length);
   * ```
   * @throws {@link SignalsError} when another test captures everywhere.
   */
  readonly everywhere: CaptureCallbacks;
}

/**
 * Runs a function and resolves to the `onCommit` and `defer` callbacks that it registered, in the
 * order in which they would have run. They are taken off their queue: nobody else runs them.
 * Callbacks of a block or a savepoint that was rolled back are not among them.
 *
 * @remarks
 * What the function registers outside of a block is captured too. Only its own asynchronous flow
 * is looked at, so a test that runs at the same time is not disturbed, and what was registered
 * before stays. A server in the same process handles requests in flows of its own: `everywhere`
 * captures theirs as well, and a warning says so when nothing was captured while they ran some.
 * Captures nest: the inner one has what is registered inside of it.
 *
 * With `execute` the callbacks run when the function has resolved, as after a commit: in order,
 * each awaited, outside of any block, those of a block inside a callback at the end of that block;
 * and all that have run are returned. An error of a callback rejects, unless the callback is
 * `robust`. When the function rejects nothing runs.
 *
 * @example
 * ```ts
 * import { atomic, onCommit } from 'sequelize-signals';
 * import { captureOnCommitCallbacks } from 'sequelize-signals/testing';
 *
 * const callbacks = await captureOnCommitCallbacks({ execute: true }, async () => {
 *   await atomic(() => onCommit(() => console.log('stored')));
 * });
 * console.log(callbacks.length);
 * ```
 * @throws {@link InvalidArgumentError} when an argument is of the wrong kind.
 * @throws {@link NotInstalledError} when `using` names no installed database.
 */
export const captureOnCommitCallbacks: CaptureOnCommitCallbacks = Object.assign(
  captureIn('captureOnCommitCallbacks()', ({ blocks: { seam } }, capture, body) =>
    seam.runCapturing(capture, () => hinting(seam, body)),
  ),
  {
    everywhere: captureIn(
      'captureOnCommitCallbacks.everywhere()',
      async ({ alias, blocks: { seam } }, capture, body) => {
        if (seam.isCapturedByAnother) throw capturedError(alias);
        return await seam.captureEverywhere(capture, body);
      },
    ),
  },
);

/** Makes a call that captures where `run` looks. */
function captureIn(
  call: string,
  run: (
    database: Database,
    capture: Capture,
    body: () => Promise<Callback[]>,
  ) => Promise<Callback[]>,
): CaptureCallbacks {
  return (first: CaptureOptions | (() => unknown), second?: () => unknown) => {
    const [options, body] = typeof first === 'function' ? [{}, first] : [first, second];
    checkOptions(call, options, RULES);
    if (typeof body !== 'function') throw new InvalidArgumentError(`${call} needs a function.`);

    const database = databaseFor(options.using);
    const capture = new CallbackCapture(database);
    return run(database, capture, async () => {
      const due = await capture.during(body);
      return options.execute ? capture.execute(due) : due.map(({ callback }) => callback);
    });
  };
}

/** Says so when a capture of one flow got nothing, and callbacks ran in another. */
async function hinting(seam: TestSeam, capture: () => Promise<Callback[]>): Promise<Callback[]> {
  const missed: Callback[] = [];
  const stopWatching = seam.watchMissed((callback) => missed.push(callback));
  const captured = await capture().finally(stopWatching);
  const [first] = missed;
  if (first && captured.length === 0) {
    logger().warn(
      `captureOnCommitCallbacks() captured nothing, while the time of the callback "${functionName(first)}" came in another asynchronous flow. ` +
        'A server in this process handles its requests in flows of its own: captureOnCommitCallbacks.everywhere() captures their callbacks as well.',
    );
  }
  return captured;
}

function capturedError(alias: string): SignalsError {
  return new SignalsError(
    'SIGNALS_IN_USE',
    `Another test captures the callbacks of the database "${alias}" everywhere, and it cannot be told whose a callback is. ` +
      'Run the two one after another, or have one of them call captureOnCommitCallbacks() for its own flow.',
  );
}

const RULES: OptionRules = {
  using: USING,
  execute: BOOLEAN,
};

class CallbackCapture implements Capture {
  readonly #database: Database;
  #due: DueCallback[] = [];
  readonly #executed: Callback[] = [];
  #phase: 'capturing' | 'executing' | 'over' = 'capturing';

  constructor(database: Database) {
    this.#database = database;
  }

  get active(): boolean {
    return this.#phase !== 'over';
  }

  takes(callback: Callback, robust: boolean): boolean {
    if (this.#phase === 'executing') this.#executed.push(callback);
    if (this.#phase !== 'capturing') return false;

    this.#due.push({ callback, robust, capture: this });
    return true;
  }

  /** Captures what `body` registers, and resolves to it. */
  async during(body: () => unknown): Promise<readonly DueCallback[]> {
    try {
      await body();
    } finally {
      this.#phase = 'over';
      // Those of blocks that have ended are due, or dropped: what still waits is in one that is open.
      const { open } = this.#database.blocks;
      const waiting = [...open].flatMap(({ callbacks }) => callbacks.takeCapturedBy(this));
      this.#due = [...this.#due, ...waiting];
    }
    return this.#due;
  }

  /** Runs callbacks, and resolves to those that have run. */
  async execute(due: readonly DueCallback[]): Promise<Callback[]> {
    this.#phase = 'executing';
    try {
      await this.#asOutside(() => runCallbacks(this.#database.blocks, due));
    } finally {
      this.#phase = 'over';
    }
    return this.#executed;
  }

  /** After a real commit there is no block around. One that is open here must look as if it were none. */
  #asOutside<Result>(body: () => Result): Result {
    const { blocks } = this.#database;
    const around = blocks.current();
    if (!around?.open) return body();
    return blocks.seam.runOn(new SavepointSource(this.#database, around, false), body);
  }
}
