import type { ServerResponse } from 'node:http';
import {
  isThenable,
  logger,
  RolledBackError,
  TransactionManagementError,
  textOf,
} from '../base/index.js';
import { atomic, databaseFor, transaction, type Using } from '../transactions/index.js';
import { HeldResponse, type Writer } from './held-response.js';
import { type AtomicViewOptions, usingsOf } from './view-options.js';

const GRACE = 30_000;
const MAX_HELD = 16 * 1024 * 1024;

/** A view that is to be run as an atomic block. */
export interface View {
  /** Names it in messages. */
  readonly name: string;
  readonly response: ServerResponse;
  readonly options: AtomicViewOptions;
  /** Calls it; what it returns is awaited if it is a promise. */
  start(run: ViewRun): unknown;
  /** Whether the answer is given by whoever called the view, once its promise is fulfilled. */
  answersByReturning?(): boolean;
}

/**
 * How a view ended: with an answer, with the beginning of one, or by handing the request on. All
 * three keep its work. Where it failed it is undone, and there is an error instead.
 */
export type Ending = 'answered' | 'streams' | 'passed';

/**
 * Runs a view as an atomic block: what it did is stored, its callbacks have run, and only then its
 * answer leaves.
 *
 * | the view | its block | its answer |
 * | --- | --- | --- |
 * | answers, and its promise is fulfilled | is committed | leaves after that |
 * | writes the first part of an answer | is committed at once | leaves after that, and goes on |
 * | answers, and waits for `finish` | is committed at once | leaves after that |
 * | hands the request on | is committed | is given by others |
 * | fails, before or after it answered | is rolled back | is discarded |
 * | neither answers nor has a promise | is rolled back after a while | is refused from then on |
 *
 * The promise resolves to the run of the view when its answer may leave, and never waits for the client.
 * It rejects with the error of the view, of its COMMIT or of a callback, the answer being discarded.
 */
export async function runView(view: View): Promise<ViewRun> {
  const { response, options } = view;
  const held = new HeldResponse(response, options.maxHeld ?? MAX_HELD);
  let run = new ViewRun(view);
  try {
    await inBlocks(options, view.name, () => {
      run = new ViewRun(view);
      return held.hold(run, () => run.start());
    });
  } catch (error) {
    // An answer that is to be rolled back may well tell of the error that broke the block.
    if (!(run.isToRollBack && error instanceof RolledBackError)) {
      held.discard();
      throw error;
    }
  }
  held.release();
  return run;
}

/** Whether the current flow is inside a view that answers by `response`. */
export function isInView(response: ServerResponse): boolean {
  const writer = HeldResponse.writer;
  return writer instanceof ViewRun && writer.view.response === response;
}

/** One run of a view. A view that is retried has several. */
export class ViewRun implements Writer {
  readonly view: View;
  /** Whether the view answered, and wants to be rolled back. */
  isToRollBack = false;
  #ending: Ending | undefined;
  #failure: { readonly error: unknown } | undefined;
  /** Whether there is something to wait for: the return of the call itself, to begin with. */
  #pending = true;
  #returned: Promise<unknown> | undefined;
  #complete = false;
  #awaitsEnd = false;
  #timer: NodeJS.Timeout | undefined;
  #settle: { resolve(): void; reject(error: unknown): void } | undefined;

  constructor(view: View) {
    this.view = view;
  }

  /** How the view ended; nothing while it runs, and where it failed. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  get isOver(): boolean {
    return this.#failure !== undefined || this.#ending !== undefined;
  }

  /** What is left to wait for of a view that has ended: the rest of its stream, which may fail. */
  get rest(): Promise<unknown> | undefined {
    return this.#ending === 'streams' ? this.#returned : undefined;
  }

  /** Whether the view failed, so that there is nothing left of what it did. */
  get isUndone(): boolean {
    return this.#failure !== undefined;
  }

  /** Calls the view, and waits for it to end. It is called in the flow of the block. */
  async start(): Promise<void> {
    const end = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    try {
      this.#follow(this.view.start(this));
    } catch (error) {
      this.fail(error);
    }
    await end;
    this.#askForRollback();
  }

  /** The answer is complete. It leaves when there is nothing of the view left to wait for. */
  answered(): void {
    this.#complete = true;
    if (this.#awaitsEnd) this.streams();
    else this.#endIfThrough();
  }

  /** It would wait for its answer, and its answer for it. */
  awaitsEnd(): void {
    this.#awaitsEnd = true;
    if (this.#complete) this.streams();
  }

  /** The rest of the answer depends on somebody who reads its beginning. */
  streams(): void {
    this.#endAs('streams');
  }

  /** The view hands the request on. */
  pass(): void {
    this.#endAs('passed');
  }

  /** The promise of the view is none to wait for. */
  stopWaiting(): void {
    this.#pending = false;
    this.#endIfThrough();
  }

  fail(error: unknown): void {
    if (this.isOver) {
      this.#failLate(error);
      return;
    }
    this.#failure = { error };
    clearTimeout(this.#timer);
    this.#settle?.reject(error);
  }

  #follow(returned: unknown): void {
    if (!isThenable(returned)) {
      this.stopWaiting();
      return;
    }
    this.#returned = Promise.resolve(returned);
    this.#returned.then(
      () => {
        if (this.view.answersByReturning?.()) this.#complete = true;
        this.stopWaiting();
      },
      (error) => this.fail(error),
    );
  }

  #endIfThrough(): void {
    if (this.#pending || this.isOver) return;
    if (this.#complete) this.#endAs('answered');
    else this.#awaitAnswer();
  }

  #endAs(ending: Ending): void {
    if (this.isOver) return;
    this.#ending = ending;
    clearTimeout(this.#timer);
    this.#settle?.resolve();
  }

  #awaitAnswer(): void {
    clearTimeout(this.#timer);
    const { grace = GRACE } = this.view.options;
    this.#timer = setTimeout(() => this.#giveUp(grace), grace).unref();
  }

  #giveUp(grace: number): void {
    const { name, options, response } = this.view;
    if (usingsOf(options).some(hasWork)) {
      const error = noAnswerError(name, grace);
      logger().warn(error.message);
      this.fail(error);
    } else if (response.closed) {
      this.#endAs('passed');
    } else {
      // It holds no connection yet, and a client may be kept waiting for as long as one likes.
      this.#awaitAnswer();
    }
  }

  /** In the flow of the block, which is about to be left. */
  #askForRollback(): void {
    const { options, response } = this.view;
    if (this.#ending === 'passed' || !options.rollbackOn?.(response)) return;
    this.isToRollBack = true;
    for (const using of usingsOf(options)) transaction.setRollback(true, { using });
  }

  #failLate(error: unknown): void {
    // Whoever waits for the rest of a stream gets its error.
    if (this.#ending === 'streams' || this.#failure?.error === error) return;
    logger().error(
      `The view "${this.view.name}" failed after it had ended, so that its error changes nothing: ${textOf(error)}`,
      error,
    );
  }
}

/** Runs `body` in a block of each database, which nest in the order of the options. */
function inBlocks(
  options: AtomicViewOptions,
  name: string,
  body: () => Promise<void>,
): Promise<void> {
  const { isolationLevel, readOnly, type, deferrable, retry } = options;
  const atomicOptions = { isolationLevel, readOnly, type, deferrable, retry };
  const run = usingsOf(options).reduceRight(
    (inner, using) => named(name, () => atomic({ ...atomicOptions, using }, inner)),
    named(name, body),
  );
  return run();
}

/** Blocks are called by the name of their function, in messages. */
function named<Result>(name: string, run: () => Result): () => Result {
  return Object.defineProperty(run, 'name', { value: name });
}

/** Whether the block of the current flow has done anything that a rollback would undo. */
function hasWork(using: Using): boolean {
  return databaseFor(using).blocks.current()?.root.hasWork ?? false;
}

function noAnswerError(name: string, grace: number): TransactionManagementError {
  return new TransactionManagementError(
    'SIGNALS_NO_ANSWER',
    `The view "${name}" has not answered within ${grace} ms, and returned no promise to wait for: it has ` +
      'been rolled back. Return a promise that is fulfilled when the view has ended, or allow more by the ' +
      'option "grace".',
  );
}
