/**
 * Tasks on Graphile Worker: a job is stored in the transaction of the block that enqueues it.
 *
 * @packageDocumentation
 */
import type { Sequelize } from 'sequelize';
import {
  checkOptions,
  InvalidArgumentError,
  isObject,
  type OptionRules,
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
import { jobFrom, storedJob } from './stored-job.js';
import { COUNT, NAMES } from './task-rules.js';

/** Options of `graphileWorkerBackend`. */
export interface GraphileWorkerBackendOptions {
  /** The database that Graphile Worker has its tables on. @defaultValue 'default' */
  readonly using?: Using | undefined;
  /** The schema of its tables. @defaultValue 'graphile_worker' */
  readonly schema?: string | undefined;
  /** The queues; an empty array allows any. @defaultValue ['default'] */
  readonly queues?: readonly string[] | undefined;
  /** How often a task is tried in all. @defaultValue 25 */
  readonly maxAttempts?: number | undefined;
  /**
   * Options of Graphile Worker's own `run()`, for a process that works: `connectionString` or `pgPool`,
   * `pollInterval`, `logger`. Without a connection, it gets that of the Sequelize instance.
   */
  readonly worker?: Readonly<Record<string, unknown>> | undefined;
}

const RULES: OptionRules = {
  using: USING,
  schema: {
    accepts: (value) => typeof value === 'string' && /^[A-Za-z_]\w*$/.test(value),
    expected: 'the name of a schema',
  },
  queues: NAMES,
  maxAttempts: COUNT,
  worker: { accepts: isObject, expected: 'an object with options of run()' },
};

/**
 * Has tasks be jobs of Graphile Worker, stored in the transaction of the block that enqueues them. Its
 * tables must be there: `graphile-worker --schema-only` makes them, and so does a worker that starts.
 *
 * @example
 * ```ts
 * import { graphileWorkerBackend } from 'sequelize-signals/graphile-worker';
 * import { configureTasks } from 'sequelize-signals/tasks';
 *
 * configureTasks({ backends: { default: graphileWorkerBackend() } });
 * ```
 * @throws {@link InvalidArgumentError} when an option is unknown or of the wrong kind.
 */
export function graphileWorkerBackend(
  options: GraphileWorkerBackendOptions = {},
): GraphileWorkerBackend {
  checkOptions('graphileWorkerBackend()', options, RULES);
  return new GraphileWorkerBackend(options);
}

/** Stores tasks as jobs of Graphile Worker. It is made by `graphileWorkerBackend`. */
export class GraphileWorkerBackend extends TaskBackend {
  readonly queues: readonly string[];
  readonly features: BackendFeatures = {
    priority: true,
    runAfter: true,
    results: false,
    transactional: true,
  };
  readonly #options: GraphileWorkerBackendOptions;

  /** @internal */
  constructor(options: GraphileWorkerBackendOptions) {
    super();
    this.#options = options;
    this.queues = options.queues ?? ['default'];
  }

  override get using(): Using {
    return this.#options.using ?? 'default';
  }

  override async enqueue(jobs: readonly TaskJob[]): Promise<readonly string[]> {
    for (const job of jobs) assertStorable(job);
    const { maxAttempts = 25 } = this.#options;
    const specs = jobs.map((job) => ({
      kind: kindOf(job.queueName),
      payload: storedJob(job),
      runAt: job.runAfter ?? null,
      // There, the lower comes first.
      priority: -job.priority,
    }));
    // Its own queues and keys are left alone: jobs of one queue would wait for one another, and whoever
    // uses the key of an open transaction would wait for its end.
    const added = await this.#query(
      `select added.id::text as id
         from json_array_elements($1::json) with ordinality as given(job, place)
        cross join lateral ${this.#schema}.add_job(
          job->>'kind', job->'payload', null, (job->>'runAt')::timestamptz, $2::int, null, (job->>'priority')::int
        ) as added
        order by place`,
      [JSON.stringify(specs), maxAttempts],
    );
    const ids = added.map(({ id }) => id as string);
    if (ids.length === jobs.length && !ids.includes(null as never)) return ids;
    throw new SignalsError(
      'SIGNALS_TASKS_NOT_SENT',
      `Graphile Worker did not store ${jobs.map(({ task }) => `"${task}"`).join(', ')}.`,
    );
  }

  override async startWorker({ queues, concurrency, run }: WorkerSettings): Promise<BackendWorker> {
    const graphile = await import('graphile-worker');
    const runner = await graphile.run({
      ...this.#connection(),
      ...this.#options.worker,
      schema: this.#schema,
      concurrency,
      noHandleSignals: true,
      taskList: this.#taskList(queues, run),
    });
    // Who stops it hears of it as well.
    runner.promise.catch(() => {});
    return { stop: () => runner.stop() };
  }

  override async runTasks({ queues, run }: Omit<WorkerSettings, 'concurrency'>): Promise<number> {
    const graphile = await import('graphile-worker');
    let count = 0;
    const counted: RunAttempt = (attempt) => {
      count += 1;
      return run(attempt);
    };
    const { pollInterval: _, ...worker } = this.#options.worker ?? {};
    await graphile.runOnce({
      ...this.#connection(),
      ...worker,
      schema: this.#schema,
      noHandleSignals: true,
      taskList: this.#taskList(queues, counted),
    });
    return count;
  }

  #taskList(queues: readonly string[], run: RunAttempt): Record<string, GraphileTask> {
    const work: GraphileTask = async (payload, { job }) => {
      await run({
        job: jobFrom(job.id, payload),
        number: job.attempts,
        complete: () => this.#complete(job),
      });
    };
    return Object.fromEntries(queues.map((queue) => [kindOf(queue), work]));
  }

  /** In the current block. Graphile Worker has no function for a job that is locked, and deletes those that are done. */
  async #complete({ id, locked_by: worker }: GraphileJob): Promise<void> {
    const deleted = await this.#query(
      `delete from ${this.#schema}._private_jobs where id = $1::bigint and locked_by = $2::text returning id`,
      [id, worker],
    );
    if (deleted.length === 1) return;
    throw new SignalsError(
      'SIGNALS_TASK_TAKEN',
      `The job ${id} was given to another worker, or is gone. What it did here is rolled back.`,
    );
  }

  async #query(text: string, bind: readonly unknown[]): Promise<Record<string, unknown>[]> {
    const [rows] = await this.#sequelize.query(text, { bind: [...bind] });
    return rows as Record<string, unknown>[];
  }

  get #sequelize(): Sequelize {
    return databaseFor(this.using).sequelize;
  }

  get #schema(): string {
    return this.#options.schema ?? 'graphile_worker';
  }

  #connection(): { connectionString?: string } {
    const { worker = {} } = this.#options;
    if (['connectionString', 'pgPool', 'preset'].some((name) => name in worker)) return {};
    const { host, port, username, password, database } = this.#sequelize.config;
    if (!database) {
      throw new InvalidArgumentError(
        'graphileWorkerBackend() needs { worker: { connectionString } } to work: the Sequelize instance does not say where its database is.',
      );
    }
    const user = [username, password]
      .filter((part) => part)
      .map((part) => encodeURIComponent(part as string));
    const at = user.length > 0 ? `${user.join(':')}@` : '';
    const place = `${host ?? 'localhost'}:${port ?? 5432}`;
    return { connectionString: `postgres://${at}${place}/${encodeURIComponent(database)}` };
  }
}

/** A job, as Graphile Worker hands it out. */
interface GraphileJob {
  readonly id: string;
  readonly attempts: number;
  readonly locked_by: string | null;
}

type GraphileTask = (payload: unknown, helpers: { readonly job: GraphileJob }) => Promise<void>;

/** What Graphile Worker calls a task: its workers take jobs by that, and leave all others alone. */
function kindOf(queue: string): string {
  return `sequelize-signals/${queue}`;
}
