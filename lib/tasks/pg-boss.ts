/**
 * Tasks on pg-boss: a job is stored in the transaction of the block that enqueues it.
 *
 * @packageDocumentation
 */
import type { Sequelize } from 'sequelize';
import {
  BOOLEAN,
  checkOptions,
  groupBy,
  InvalidArgumentError,
  NAME,
  type OptionRules,
  peek,
  SignalsError,
} from '../base/index.js';
import { databaseFor, USING, type Using } from '../transactions/index.js';
import { assertStorable } from './assert-storable.js';
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
import type { TaskResultStatus, TaskState } from './task-result.js';
import { COUNT, NAMES } from './task-rules.js';

/** What a statement came to. */
interface SqlResult {
  readonly rows: object[];
  /** How many rows it has written. */
  readonly rowCount: unknown;
}

/** What runs a statement for pg-boss. */
interface SqlRunner {
  executeSql(text: string, values?: readonly unknown[]): Promise<SqlResult>;
}

/** An instance of pg-boss, 10 or 12. The two declare their methods differently. */
export interface PgBossInstance {
  send(...parameters: never[]): Promise<unknown>;
  work(...parameters: never[]): Promise<unknown>;
  fetch(...parameters: never[]): Promise<unknown>;
}

/** What is used of it. */
interface Boss {
  send(queue: string, data: object, options: object): Promise<string | null>;
  /** Version 12 has the queue as an argument of its own, and 10 in each job. */
  insert(...parameters: [jobs: object[], options: object]): Promise<string[] | null>;
  insert(...parameters: [queue: string, jobs: object[], options: object]): Promise<string[] | null>;
  work(
    queue: string,
    options: object,
    handler: (jobs: readonly BossJob[]) => Promise<void>,
  ): Promise<string>;
  /** Version 12 has the queue first, and waits. */
  offWork(...parameters: [worker: { id: string }]): Promise<void>;
  offWork(...parameters: [queue: string, options: { id: string; wait: true }]): Promise<void>;
  notifyWorker(workerId: string): void;
  fetch(queue: string, options: object): Promise<readonly BossJob[]>;
  complete(queue: string, id: string, output: object, options?: object): Promise<Settled>;
  fail(queue: string, id: string, error: unknown): Promise<Settled>;
  getQueue(queue: string): Promise<object | null>;
  createQueue(queue: string, options?: object): Promise<void>;
  getJobById(queue: string, id: string, options: object): Promise<BossJob | null>;
}

/** How many jobs were settled. */
interface Settled {
  readonly affected: number;
}

/** Options of `pgBossBackend`. */
export interface PgBossBackendOptions {
  /** The database that pg-boss has its tables on. @defaultValue 'default' */
  readonly using?: Using | undefined;
  /**
   * The queues, which are made with the options below where pg-boss does not have them; an empty array
   * allows any. @defaultValue ['default']
   */
  readonly queues?: readonly string[] | undefined;
  /** How often a task is tried in all. @defaultValue 10 */
  readonly maxAttempts?: number | undefined;
  /** How many seconds there are at least before a task is tried again. @defaultValue 1 */
  readonly retryDelay?: number | undefined;
  /** Whether that doubles with every attempt. @defaultValue true */
  readonly retryBackoff?: boolean | undefined;
  /** For how many seconds a task may run before it is given up and tried again. @defaultValue 900 */
  readonly expireInSeconds?: number | undefined;
  /** The queue that gets copies of jobs that are not tried again. @defaultValue 'dead-letter' */
  readonly deadLetter?: string | undefined;
  /** How many seconds an idle worker waits before it looks for jobs. @defaultValue 2 */
  readonly pollingIntervalSeconds?: number | undefined;
}

const RULES: OptionRules = {
  using: USING,
  queues: NAMES,
  maxAttempts: COUNT,
  // Without a pause, another worker could have the job again before pg-boss has settled this attempt.
  retryDelay: COUNT,
  retryBackoff: BOOLEAN,
  expireInSeconds: COUNT,
  deadLetter: NAME,
  pollingIntervalSeconds: {
    accepts: (value) => typeof value === 'number' && value >= 0.5,
    expected: 'a number from 0.5',
  },
};

const METHODS = ['send', 'insert', 'work', 'offWork', 'fetch', 'complete', 'fail', 'createQueue'];

/**
 * Has tasks be jobs of pg-boss, stored in the transaction of the block that enqueues them.
 *
 * @example
 * ```ts
 * import PgBoss from 'pg-boss';
 * import { pgBossBackend } from 'sequelize-signals/pg-boss';
 * import { configureTasks } from 'sequelize-signals/tasks';
 *
 * const boss = new PgBoss('postgres://localhost/shop');
 * boss.on('error', console.error);
 * await boss.start();
 *
 * configureTasks({ backends: { default: pgBossBackend(boss) } });
 * ```
 * @param boss - an instance that was started, on the database of the application.
 * @throws {@link InvalidArgumentError} when it is none, or an option is unknown or of the wrong kind.
 */
export function pgBossBackend(
  boss: PgBossInstance,
  options: PgBossBackendOptions = {},
): PgBossBackend {
  const missing = METHODS.find((method) => typeof peek(boss, method) !== 'function');
  if (missing !== undefined) {
    throw new InvalidArgumentError(
      `pgBossBackend() needs an instance of pg-boss, 10 or 12: what it was given has no ${missing}().`,
    );
  }
  checkOptions('pgBossBackend()', options, RULES);
  return new PgBossBackend(boss as unknown as Boss, options);
}

/** A job, as pg-boss hands it out with its metadata. */
interface BossJob {
  readonly id: string;
  readonly data: unknown;
  readonly state: string;
  readonly retryCount: number;
  readonly createdOn: Date;
  readonly startedOn: Date | null;
  readonly completedOn: Date | null;
  readonly output: unknown;
}

const STATUS: Readonly<Record<string, TaskResultStatus>> = {
  created: 'READY',
  retry: 'READY',
  active: 'RUNNING',
  completed: 'SUCCESSFUL',
  cancelled: 'FAILED',
  failed: 'FAILED',
};

/** Stores tasks as jobs of pg-boss. It is made by `pgBossBackend`. */
export class PgBossBackend extends TaskBackend {
  readonly queues: readonly string[];
  readonly features: BackendFeatures = {
    priority: true,
    runAfter: true,
    results: true,
    transactional: true,
  };
  readonly #boss: Boss;
  readonly #options: PgBossBackendOptions;
  readonly #made = new Map<string, Promise<void>>();

  /** @internal */
  constructor(boss: Boss, options: PgBossBackendOptions) {
    super();
    this.#boss = boss;
    this.#options = options;
    this.queues = options.queues ?? ['default'];
  }

  override get using(): Using {
    return this.#options.using ?? 'default';
  }

  override async enqueue(jobs: readonly TaskJob[]): Promise<readonly string[]> {
    for (const job of jobs) assertStorable(job);
    for (const [queue, ofQueue] of groupBy(jobs, ({ queueName }) => queueName)) {
      await this.#make(queue);
      await this.#store(queue, ofQueue);
    }
    return jobs.map(({ id }) => id);
  }

  async #store(queue: string, jobs: readonly TaskJob[]): Promise<void> {
    const [first, ...others] = jobs;
    const db = this.#db;
    if (first !== undefined && others.length === 0) {
      const { data, ...options } = this.#insertOf(first);
      const id = await this.#boss.send(queue, data, { ...options, db });
      if (id !== null) return;
    } else {
      if ((await this.#insert(queue, jobs, db)) === jobs.length) return;
    }
    // It resolves to nothing for a queue that it does not have, or one whose policy refuses the job.
    this.#made.delete(queue);
    throw new SignalsError(
      'SIGNALS_TASKS_NOT_SENT',
      `pg-boss did not store ${jobs.map(({ task }) => `"${task}"`).join(', ')} in its queue "${queue}". ` +
        'The queue may be gone, or its policy may allow for one job at a time: the policy must be "standard".',
    );
  }

  /** Stores jobs in one statement, and tells how many it has stored, which pg-boss 10 does not. */
  async #insert(queue: string, jobs: readonly TaskJob[], db: SqlRunner): Promise<unknown> {
    const inserts = jobs.map((job) => ({ ...this.#insertOf(job), name: queue }));
    let stored: unknown;
    const counting: SqlRunner = {
      executeSql: async (text, values) => {
        const result = await db.executeSql(text, values);
        stored = result.rowCount;
        return result;
      },
    };
    await (this.#isNewer
      ? this.#boss.insert(queue, inserts, { db: counting })
      : this.#boss.insert(inserts, { db: counting }));
    return stored;
  }

  #insertOf(job: TaskJob): { readonly data: object; readonly startAfter?: string } {
    const {
      maxAttempts = 10,
      retryDelay = 1,
      retryBackoff = true,
      expireInSeconds,
    } = this.#options;
    return {
      id: job.id,
      data: storedJob(job),
      priority: job.priority,
      ...(job.runAfter && { startAfter: job.runAfter.toISOString() }),
      retryLimit: maxAttempts - 1,
      retryDelay,
      retryBackoff,
      ...(expireInSeconds && { expireInSeconds }),
    } as { data: object; startAfter?: string };
  }

  override async stateOf(id: string): Promise<TaskState | undefined> {
    for (const queue of new Set([...this.queues, ...this.#made.keys()])) {
      const job = await this.#boss.getJobById(queue, id, { db: this.#db });
      if (job) return stateOf(job);
    }
    return undefined;
  }

  override async startWorker(settings: WorkerSettings): Promise<BackendWorker> {
    const worker = new BossWorker(this.#boss, this.#db, this.#isNewer);
    for (const queue of settings.queues) {
      await this.#make(queue);
      await worker.work(queue, settings, this.#options.pollingIntervalSeconds ?? 2);
    }
    return worker;
  }

  override async runTasks({ queues, run }: Omit<WorkerSettings, 'concurrency'>): Promise<number> {
    let count = 0;
    for (const queue of queues) {
      await this.#make(queue);
      for (;;) {
        const [job] = await this.#boss.fetch(queue, { includeMetadata: true });
        if (!job) break;
        count += 1;
        await attempt(this.#boss, this.#db, queue, job, run).catch((error) =>
          this.#boss.fail(queue, job.id, error),
        );
      }
    }
    return count;
  }

  /** Runs statements in the block that they are called in. What has no value is null: Sequelize wants one. */
  get #db(): SqlRunner {
    const { sequelize }: { sequelize: Sequelize } = databaseFor(this.using);
    return {
      executeSql: async (text, values = []) => {
        const bind = values.map((value) => value ?? null);
        const [rows, result] = await sequelize.query(text, bind.length > 0 ? { bind } : {});
        return { rows: rows as object[], rowCount: peek(result, 'rowCount') };
      },
    };
  }

  /** Whether it is pg-boss 12. */
  get #isNewer(): boolean {
    return typeof peek(this.#boss, 'findJobs') === 'function';
  }

  /**
   * Makes a queue where it is not there yet, and with it all that the backend has: pg-boss makes a table
   * of each, on a connection of its own, for which it should not have to wait in a transaction.
   */
  async #make(queue: string): Promise<void> {
    for (const each of new Set([...this.queues, queue])) {
      const made = this.#made.get(each) ?? this.#makeOne(each);
      this.#made.set(each, made);
      await made.catch((error) => {
        this.#made.delete(each);
        throw error;
      });
    }
  }

  async #makeOne(queue: string): Promise<void> {
    if (await this.#boss.getQueue(queue)) return;
    const { deadLetter = 'dead-letter' } = this.#options;
    if (!(await this.#boss.getQueue(deadLetter))) await this.#boss.createQueue(deadLetter);
    if (queue !== deadLetter) await this.#boss.createQueue(queue, { deadLetter });
  }
}

/** The workers of pg-boss that one worker of ours has started. */
class BossWorker implements BackendWorker {
  readonly #boss: Boss;
  readonly #db: SqlRunner;
  readonly #isNewer: boolean;
  readonly #started: { readonly queue: string; readonly id: string }[] = [];
  readonly #running = new Set<Promise<unknown>>();

  constructor(boss: Boss, db: SqlRunner, isNewer: boolean) {
    this.#boss = boss;
    this.#db = db;
    this.#isNewer = isNewer;
  }

  /** Starts as many workers of pg-boss for a queue as are to run jobs at the same time. */
  async work(
    queue: string,
    { concurrency, run }: WorkerSettings,
    pollingIntervalSeconds: number,
  ): Promise<void> {
    const options = { batchSize: 1, includeMetadata: true, pollingIntervalSeconds };
    for (let number = 0; number < concurrency; number += 1) {
      let id: string | undefined;
      const handle = async ([job]: readonly BossJob[]) => {
        if (job === undefined) return;
        const running = attempt(this.#boss, this.#db, queue, job, run);
        this.#running.add(running);
        try {
          await running;
        } finally {
          this.#running.delete(running);
          // There may be more: it need not wait for its next look.
          if (id !== undefined) this.#boss.notifyWorker(id);
        }
      };
      id = await this.#boss.work(queue, options, handle);
      this.#started.push({ queue, id });
    }
  }

  async stop(): Promise<void> {
    const offs = this.#started.map(({ queue, id }) =>
      this.#isNewer ? this.#boss.offWork(queue, { id, wait: true }) : this.#boss.offWork({ id }),
    );
    await Promise.all(offs);
    await this.#settled();
    // pg-boss 10 says nothing of the job that it was just fetching: by the answer to this it has it.
    for (const queue of new Set(this.#started.map((each) => each.queue))) {
      await this.#boss.getQueue(queue);
    }
    await this.#settled();
  }

  async #settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}

/**
 * Makes one attempt and completes the job, in the block of the task where that is transactional. pg-boss
 * would complete it as well, but has nobody wait for that. What fails, pg-boss settles.
 */
async function attempt(
  boss: Boss,
  db: SqlRunner,
  queue: string,
  job: BossJob,
  run: RunAttempt,
): Promise<void> {
  let isCompleted = false;
  const returnValue = await run({
    job: jobFrom(job.id, job.data),
    number: job.retryCount + 1,
    complete: async (value) => {
      const completed = await boss.complete(queue, job.id, outputOf(value), { db });
      if (completed.affected !== 1) throw takenError(job, queue);
      isCompleted = true;
    },
  });
  if (!isCompleted) await boss.complete(queue, job.id, outputOf(returnValue));
}

function takenError({ id }: BossJob, queue: string): SignalsError {
  return new SignalsError(
    'SIGNALS_TASK_TAKEN',
    `The job ${id} of the queue "${queue}" was given to another worker, as this one took longer than it may: see "expireInSeconds". ` +
      'What it did here is rolled back.',
  );
}

function outputOf(value: Json): object {
  return { value };
}

function stateOf(job: BossJob): TaskState {
  const status = STATUS[job.state] ?? 'READY';
  const { id, task, args, enqueuedAt } = jobFrom(job.id, job.data);
  const wasBegun = job.startedOn !== null;
  return {
    id,
    task,
    args,
    status,
    enqueuedAt: enqueuedAt ?? job.createdOn,
    startedAt: job.startedOn ?? undefined,
    lastAttemptedAt: job.startedOn ?? undefined,
    finishedAt: job.completedOn ?? undefined,
    attempts: wasBegun ? job.retryCount + 1 : 0,
    returnValue:
      status === 'SUCCESSFUL' ? ((peek(job.output, 'value') ?? null) as Json) : undefined,
    errors: status === 'SUCCESSFUL' || !job.output ? [] : [errorOf(job.output)],
  };
}

/** pg-boss keeps the name, the message and the stack of an error. */
function errorOf(output: unknown) {
  const [name, message, stack] = ['name', 'message', 'stack'].map((key) => peek(output, key));
  return {
    exceptionClass: typeof name === 'string' ? name : 'Error',
    traceback: String(stack ?? message ?? JSON.stringify(output)),
  };
}
