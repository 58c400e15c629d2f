import {
  checkOptions,
  InvalidArgumentError,
  logger,
  type OptionRules,
  textOf,
} from '../base/index.js';
import type { Attempt, BackendWorker, RunAttempt, TaskBackend } from './backend.js';
import { backendNamed } from './configure-tasks.js';
import { runAttempt } from './run-attempt.js';
import { TaskResult } from './task-result.js';
import { COUNT, NAMES } from './task-rules.js';

/** Which tasks are to be run. */
export interface RunTasksOptions {
  /** The aliases of the backends. @defaultValue ['default'] */
  readonly backends?: readonly string[] | undefined;
  /** Their queues. @defaultValue all that the backend has, or 'default' where it has any */
  readonly queues?: readonly string[] | undefined;
}

/** Options of `startWorker`. */
export interface WorkerOptions extends RunTasksOptions {
  /** How many tasks of a queue run at the same time. @defaultValue 1 */
  readonly concurrency?: number | undefined;
  /**
   * Signals of the process on which the worker stops as `stop()` does. What the signal would have done
   * without it, it does then. @defaultValue []
   */
  readonly stopOn?: readonly NodeJS.Signals[] | undefined;
}

/** What `startWorker` has started. It works with `await using` as well. */
export interface Worker extends AsyncDisposable {
  /** Takes nothing new, and resolves when the tasks that run have ended. */
  stop(): Promise<void>;
}

const RUN_RULES: OptionRules = { backends: NAMES, queues: NAMES };

const WORKER_RULES: OptionRules = {
  ...RUN_RULES,
  concurrency: COUNT,
  stopOn: NAMES,
};

/**
 * Runs the tasks of the modules that this process has loaded, as their engines hand them out. A task that
 * fails is tried again as its engine does it, and a task that no module has is an error like any other.
 *
 * @remarks
 * An `ImmediateBackend` and a `DummyBackend` need no worker, and for them nothing is started.
 *
 * @example
 * ```ts
 * import { startWorker } from 'sequelize-signals/tasks';
 *
 * const worker = await startWorker({ backends: ['default'], concurrency: 4, stopOn: ['SIGTERM'] });
 * await worker.stop();
 * ```
 * @throws {@link InvalidTaskError} when there is no backend of that alias.
 * @throws {@link InvalidArgumentError} when an option is unknown or of the wrong kind.
 */
export async function startWorker(options: WorkerOptions = {}): Promise<Worker> {
  checkOptions('startWorker()', options, WORKER_RULES);
  const { concurrency = 1, stopOn = [] } = options;
  const started: BackendWorker[] = [];
  try {
    for (const [alias, backend] of backendsIn(options)) {
      const queues = queuesOf(backend, options);
      const settings = { queues, concurrency, run: runnerFor(alias, backend) };
      const worker = await backend.startWorker(settings);
      if (worker) started.push(worker);
    }
  } catch (error) {
    await stopAll(started);
    throw error;
  }
  return new ProcessWorker(started, stopOn);
}

/**
 * Runs the tasks that are due now, in this process, until there are none left: for tests. A task that
 * fails is left to be tried again, when its engine says so.
 *
 * @remarks
 * It sees what is committed, so not what is enqueued in the transaction of a test.
 *
 * @returns how many attempts were made.
 */
export async function runTasks(options: RunTasksOptions = {}): Promise<number> {
  checkOptions('runTasks()', options, RUN_RULES);
  const backends = backendsIn(options);
  let sum = 0;
  for (;;) {
    let count = 0;
    for (const [alias, backend] of backends) {
      const queues = queuesOf(backend, options);
      count += await backend.runTasks({ queues, run: runnerFor(alias, backend) });
    }
    // A task may have enqueued others, of another backend as well.
    if (count === 0) return sum;
    sum += count;
  }
}

function backendsIn({ backends = ['default'] }: RunTasksOptions): [string, TaskBackend][] {
  return [...new Set(backends)].map((alias) => [alias, backendNamed(alias)]);
}

function queuesOf(backend: TaskBackend, { queues }: RunTasksOptions): readonly string[] {
  const own = backend.queues;
  if (queues === undefined) return own.length > 0 ? own : ['default'];
  const unknown = queues.filter((queue) => own.length > 0 && !own.includes(queue));
  if (unknown.length === 0) return queues;
  throw new InvalidArgumentError(
    `${backend.constructor.name} has no queue ${unknown.map((queue) => `"${queue}"`).join(', ')}. It has: ${own.join(', ')}.`,
  );
}

function runnerFor(alias: string, backend: TaskBackend): RunAttempt {
  return (attempt) => runAttempt(backend, attempt, resultOf(alias, backend, attempt));
}

function resultOf(alias: string, backend: TaskBackend, { job, number }: Attempt): TaskResult {
  const { id, task, args, enqueuedAt } = job;
  const attempts = number - 1;
  return new TaskResult(backend, alias, { id, task, args, enqueuedAt, attempts, status: 'READY' });
}

class ProcessWorker implements Worker {
  readonly #workers: readonly BackendWorker[];
  readonly #stopOn: readonly NodeJS.Signals[];
  readonly #heard = (signal: NodeJS.Signals) => this.#stopFor(signal);
  #stopped: Promise<void> | undefined;

  constructor(workers: readonly BackendWorker[], stopOn: readonly NodeJS.Signals[]) {
    this.#workers = workers;
    this.#stopOn = stopOn;
    for (const signal of stopOn) process.on(signal, this.#heard);
  }

  stop(): Promise<void> {
    this.#stopped ??= stopAll(this.#workers).finally(() => {
      for (const signal of this.#stopOn) process.off(signal, this.#heard);
    });
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stopFor(signal: NodeJS.Signals): Promise<void> {
    if (this.#stopped !== undefined) return;
    const wasAlone = process.listenerCount(signal) === 1;
    await this.stop().catch((error) =>
      logger().error(`A worker failed to stop: ${textOf(error)}`, error),
    );
    // Node.js leaves it to a listener to end the process, and nobody else listens.
    if (wasAlone) process.kill(process.pid, signal);
  }
}

async function stopAll(workers: readonly BackendWorker[]): Promise<void> {
  const stopped = await Promise.allSettled(workers.map((worker) => worker.stop()));
  for (const each of stopped) if (each.status === 'rejected') throw each.reason;
}
