/**
 * Tasks on BullMQ: jobs are handed to Redis after the commit.
 *
 * @packageDocumentation
 */
import type { Job as BullJob, Queue, Worker } from 'bullmq';
import {
  checkOptions,
  groupBy,
  InvalidArgumentError,
  isObject,
  logger,
  NAME,
  type OptionRules,
  textOf,
} from '../base/index.js';
import {
  type BackendFeatures,
  type BackendWorker,
  type RunAttempt,
  TaskBackend,
  type TaskJob,
  type WorkerSettings,
} from './backend.js';
import type { Json } from './json.js';
import { jobFrom, storedJob } from './stored-job.js';
import { TasksNotSentError } from './task-errors.js';
import type { TaskResultStatus, TaskState } from './task-result.js';
import { COUNT, NAMES } from './task-rules.js';

/** Options of `bullmqBackend`. */
export interface BullmqBackendOptions {
  /** BullMQ's option `connection`: how Redis is reached, or a client of ioredis. */
  readonly connection: object;
  /** BullMQ's option `prefix`, of its keys in Redis. @defaultValue 'bull' */
  readonly prefix?: string | undefined;
  /** The queues; an empty array allows any. @defaultValue ['default'] */
  readonly queues?: readonly string[] | undefined;
  /** How many milliseconds Redis has to take the jobs of a transaction. @defaultValue 5000 */
  readonly timeout?: number | undefined;
  /** How often a task is tried in all. @defaultValue 10 */
  readonly maxAttempts?: number | undefined;
  /** How many milliseconds there are before the second attempt; it doubles with every one. @defaultValue 1000 */
  readonly retryDelay?: number | undefined;
}

const RULES: OptionRules = {
  connection: { accepts: isObject, expected: 'an object, such as { host, port }' },
  prefix: NAME,
  queues: NAMES,
  timeout: COUNT,
  maxAttempts: COUNT,
  retryDelay: COUNT,
};

/**
 * Has tasks be jobs of BullMQ, handed to Redis after the commit, those of one transaction at once. What
 * is rolled back never gets there. What is committed does unless the process dies, or Redis does not
 * answer, in between: `atomic()` rejects then with a {@link TasksNotSentError} that has the jobs, and the
 * data stays.
 *
 * @example
 * ```ts
 * import { bullmqBackend } from 'sequelize-signals/bullmq';
 * import { configureTasks } from 'sequelize-signals/tasks';
 *
 * const backend = bullmqBackend({ connection: { host: '127.0.0.1', port: 6379 } });
 * configureTasks({ backends: { default: backend } });
 * await backend.close();
 * ```
 * @throws {@link InvalidArgumentError} when an option is missing, unknown or of the wrong kind.
 */
export function bullmqBackend(options: BullmqBackendOptions): BullmqBackend {
  checkOptions('bullmqBackend()', options, RULES);
  if (options.connection === undefined) {
    throw new InvalidArgumentError('bullmqBackend() needs the option "connection".');
  }
  return new BullmqBackend(options);
}

const STATUS: Readonly<Record<string, TaskResultStatus>> = {
  active: 'RUNNING',
  completed: 'SUCCESSFUL',
  failed: 'FAILED',
};

/** What the workers of `runTasks` lock jobs with. */
const TOKEN = 'sequelize-signals';

/** Hands tasks to BullMQ. It is made by `bullmqBackend`. */
export class BullmqBackend extends TaskBackend {
  readonly queues: readonly string[];
  readonly features: BackendFeatures = {
    priority: true,
    runAfter: true,
    results: true,
    transactional: false,
  };
  readonly #options: BullmqBackendOptions;
  readonly #open = new Map<string, Promise<Queue>>();

  /** @internal */
  constructor(options: BullmqBackendOptions) {
    super();
    this.#options = options;
    this.queues = options.queues ?? ['default'];
  }

  override async enqueue(jobs: readonly TaskJob[]): Promise<readonly string[]> {
    const queues = groupBy(jobs, ({ queueName }) => queueName);
    const sent = await Promise.allSettled(
      [...queues].map(([queue, ofQueue]) => this.#add(queue, ofQueue)),
    );
    const failed = sent.flatMap((each, index) =>
      each.status === 'rejected'
        ? { cause: each.reason as unknown, jobs: [...queues.values()][index] ?? [] }
        : [],
    );
    if (failed.length > 0) throw notSent(failed);
    return jobs.map(({ id }) => id);
  }

  async #add(name: string, jobs: readonly TaskJob[]): Promise<void> {
    const { timeout = 5000 } = this.#options;
    const adding = async () => {
      const queue = await this.#queue(name);
      await queue.addBulk(jobs.map((job) => this.#specOf(job)));
    };
    await within(timeout, adding());
  }

  #specOf(job: TaskJob) {
    const { maxAttempts = 10, retryDelay = 1000 } = this.#options;
    return {
      name: job.task,
      data: storedJob(job),
      opts: {
        jobId: job.id,
        attempts: maxAttempts,
        backoff: { type: 'exponential', delay: retryDelay },
        // There, the lower comes first, and what has none before all others.
        priority: 101 - job.priority,
        ...(job.runAfter && { delay: Math.max(0, job.runAfter.getTime() - Date.now()) }),
      },
    };
  }

  override async stateOf(id: string): Promise<TaskState | undefined> {
    for (const name of new Set([...this.queues, ...this.#open.keys()])) {
      const job = await (await this.#queue(name)).getJob(id);
      if (job) return stateOf(job);
    }
    return undefined;
  }

  override async startWorker({ queues, concurrency, run }: WorkerSettings): Promise<BackendWorker> {
    const workers: Worker[] = [];
    for (const queue of queues) {
      const worker = await this.#worker(queue, (job) => run(attemptOf(job)), concurrency);
      await worker.waitUntilReady();
      workers.push(worker);
    }
    return {
      stop: async () => {
        await Promise.all(workers.map((worker) => worker.close()));
      },
    };
  }

  override async runTasks({ queues, run }: Omit<WorkerSettings, 'concurrency'>): Promise<number> {
    let count = 0;
    for (const queue of queues) {
      const worker = await this.#worker(queue);
      try {
        count += await drain(worker, run);
      } finally {
        await worker.close();
      }
    }
    return count;
  }

  /** Closes the connections that it has opened. */
  async close(): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    const { timeout = 5000 } = this.#options;
    for (const opening of open) {
      const queue = await opening;
      // It waits for the answers to what was sent, and Redis may be away.
      await within(timeout, queue.close()).catch(() => queue.disconnect());
    }
  }

  async #worker(
    queue: string,
    process: ((job: BullJob) => Promise<Json>) | null = null,
    concurrency = 1,
  ): Promise<Worker> {
    const bullmq = await import('bullmq');
    const worker = new bullmq.Worker(queue, process, { ...this.#shared, concurrency });
    worker.on('error', logConnectionError);
    return worker;
  }

  #queue(name: string): Promise<Queue> {
    const opening = this.#open.get(name) ?? this.#openQueue(name);
    this.#open.set(name, opening);
    return opening;
  }

  async #openQueue(name: string): Promise<Queue> {
    const bullmq = await import('bullmq');
    const queue = new bullmq.Queue(name, this.#shared);
    queue.on('error', logConnectionError);
    return queue;
  }

  get #shared(): { connection: object; prefix?: string } {
    const { connection, prefix } = this.#options;
    return { connection, ...(prefix !== undefined && { prefix }) };
  }
}

/** An event that nobody hears ends the process. */
function logConnectionError(error: Error): void {
  logger().warn(`BullMQ has trouble with Redis: ${textOf(error)}`);
}

/** Runs what is due in a queue, one job after another. */
async function drain(worker: Worker, run: RunAttempt): Promise<number> {
  for (let count = 0; ; count += 1) {
    const job = await worker.getNextJob(TOKEN, { block: false });
    if (!job) return count;
    try {
      await job.moveToCompleted(await run(attemptOf(job)), TOKEN, false);
    } catch (error) {
      await job.moveToFailed(
        error instanceof Error ? error : new Error(textOf(error)),
        TOKEN,
        false,
      );
    }
  }
}

function attemptOf(job: BullJob) {
  return { job: jobFrom(job.id ?? '', job.data), number: job.attemptsMade + 1 };
}

async function stateOf(job: BullJob): Promise<TaskState> {
  const status = STATUS[await job.getState()] ?? 'READY';
  const { id, task, args, enqueuedAt } = jobFrom(job.id ?? '', job.data);
  const dateOf = (time: number | undefined) => (time === undefined ? undefined : new Date(time));
  const [traceback] = job.stacktrace?.slice(-1) ?? [];
  return {
    id,
    task,
    args,
    status,
    enqueuedAt: enqueuedAt ?? new Date(job.timestamp),
    startedAt: dateOf(job.processedOn),
    lastAttemptedAt: dateOf(job.processedOn),
    finishedAt: dateOf(job.finishedOn),
    attempts: job.attemptsMade,
    returnValue: status === 'SUCCESSFUL' ? ((job.returnvalue ?? null) as Json) : undefined,
    errors: job.failedReason
      ? [{ exceptionClass: 'Error', traceback: traceback ?? job.failedReason }]
      : [],
  };
}

/** BullMQ waits for Redis for ever. */
async function within(timeout: number, sending: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer came within ${timeout} ms.`)), timeout);
  });
  try {
    await Promise.race([sending, late]);
  } finally {
    clearTimeout(timer);
    sending.catch(() => {}); // it may fail when nobody waits for it any more
  }
}

function notSent(
  failed: readonly { readonly cause: unknown; readonly jobs: readonly TaskJob[] }[],
): TasksNotSentError {
  const jobs = failed
    .flatMap((each) => each.jobs)
    .map(({ id, task, args }) => ({ id, task, args }));
  const shown = jobs
    .slice(0, 10)
    .map(({ task, args }) => `${task}(${JSON.stringify(args).slice(1, -1)})`);
  const more = jobs.length > shown.length ? `, and ${jobs.length - shown.length} more` : '';
  const [first] = failed;
  return new TasksNotSentError(
    `Redis did not take ${jobs.length === 1 ? 'a job' : `${jobs.length} jobs`}: ${shown.join(', ')}${more}. ` +
      `${textOf(first?.cause)} The data is stored. Enqueue what is in "jobs" again when Redis is there, unless it arrived late.`,
    jobs,
    { cause: first?.cause },
  );
}
