import type { Using } from '../transactions/index.js';
import type { Json } from './json.js';
import { InvalidTaskError } from './task-errors.js';
import type { TaskResult, TaskState } from './task-result.js';

/** A call of a task, as it is handed to an engine. */
export interface TaskJob {
  /** An id that nothing else has. An engine with ids of its own leaves it out. */
  readonly id: string;
  /** The name of the task. */
  readonly task: string;
  readonly args: readonly Json[];
  /** From -100 to 100; the higher, the sooner. */
  readonly priority: number;
  readonly queueName: string;
  /** When it may run at the earliest. */
  readonly runAfter: Date | undefined;
  readonly enqueuedAt: Date;
}

/** One attempt at a job, as an engine has a worker make it. */
export interface Attempt {
  readonly job: Pick<TaskJob, 'id' | 'task' | 'args'> & { readonly enqueuedAt?: Date | undefined };
  /** Which attempt it is; the first is 1. */
  readonly number: number;
  /**
   * Completes the job in the transaction of the block that it is called in. It throws when the job is
   * somebody else's by now.
   */
  readonly complete?: ((returnValue: Json) => Promise<void>) | undefined;
}

/** Makes an attempt. It resolves to what the task returned, and rejects with what it threw. */
export type RunAttempt = (attempt: Attempt) => Promise<Json>;

/** How a worker is to work. */
export interface WorkerSettings {
  readonly queues: readonly string[];
  /** How many jobs of a queue at most run at the same time. */
  readonly concurrency: number;
  readonly run: RunAttempt;
}

/** What works for one backend. */
export interface BackendWorker {
  /** Takes nothing new, and resolves when what runs has ended. */
  stop(): Promise<void>;
}

/** What a backend can do. */
export interface BackendFeatures {
  /** Whether it heeds priorities. */
  readonly priority: boolean;
  /** Whether it can wait for `runAfter`. */
  readonly runAfter: boolean;
  /** Whether it keeps results, to be asked for by their ids. */
  readonly results: boolean;
  /** Whether the effect of a task and its completion can share a transaction. */
  readonly transactional: boolean;
}

/**
 * What tasks are handed to. Extend it for an engine that this package has no backend for.
 *
 * @remarks
 * The sender of the signals of tasks is the class of the backend.
 */
export abstract class TaskBackend {
  /** The names of its queues; an empty array allows any (D-336). */
  abstract readonly queues: readonly string[];
  abstract readonly features: BackendFeatures;

  /**
   * The database, by alias or instance, in whose transaction it stores jobs; undefined where jobs are
   * handed over after the commit.
   */
  get using(): Using | undefined {
    return undefined;
  }

  /** Whether the jobs of one transaction are handed over together after it, and not one by one. */
  get takesTogether(): boolean {
    return true;
  }

  /**
   * Takes jobs over: in the current transaction where `using` names a database, and else after the
   * commit. It resolves to their ids in order, when they are safe.
   *
   * @param results - what the callers of `enqueue` have, in the same order.
   */
  abstract enqueue(
    jobs: readonly TaskJob[],
    results: readonly TaskResult[],
  ): Promise<readonly string[]>;

  /** Runs jobs that it took over in this process, once `taskEnqueued` was sent. */
  runHere(_jobs: readonly TaskJob[], _results: readonly TaskResult[]): Promise<void> | undefined {
    return undefined;
  }

  /** What has become of a job; undefined where there is none of that id. */
  stateOf(_id: string): Promise<TaskState | undefined> {
    return Promise.reject(new InvalidTaskError(`${this.constructor.name} keeps no results.`));
  }

  /** Begins to work. A backend that needs no worker returns nothing. */
  startWorker(_settings: WorkerSettings): Promise<BackendWorker | undefined> {
    return Promise.resolve(undefined);
  }

  /** Runs one after another the jobs that are due, until there are none, and resolves to their number. */
  runTasks(_settings: Omit<WorkerSettings, 'concurrency'>): Promise<number> {
    return Promise.resolve(0);
  }
}
