import { functionName, isError, SignalsError, textOf } from '../base/index.js';
import type { TaskBackend } from './backend.js';
import type { Json } from './json.js';

/** Where a task is: `READY` also while it waits to be tried again. */
export type TaskResultStatus = 'READY' | 'RUNNING' | 'FAILED' | 'SUCCESSFUL';

/** Why an attempt failed. */
export interface TaskError {
  /** The name of the class of the error. */
  readonly exceptionClass: string;
  /** The stack of the error, or its text where it has none. */
  readonly traceback: string;
}

/** What is known of a call of a task, as a backend tells it. */
export interface TaskState {
  readonly id: string;
  /** The name of the task. */
  readonly task: string;
  readonly args: readonly Json[];
  readonly status: TaskResultStatus;
  readonly enqueuedAt?: Date | undefined;
  readonly startedAt?: Date | undefined;
  readonly lastAttemptedAt?: Date | undefined;
  readonly finishedAt?: Date | undefined;
  readonly attempts?: number | undefined;
  readonly errors?: readonly TaskError[] | undefined;
  readonly workerIds?: readonly string[] | undefined;
  readonly returnValue?: Json | undefined;
}

/** What becomes of a call of a task: Django's `TaskResult`. */
export class TaskResult<Result = unknown> {
  readonly #backend: TaskBackend;
  readonly #alias: string;
  #state: TaskState;

  /** @internal */
  constructor(backend: TaskBackend, alias: string, state: TaskState) {
    this.#backend = backend;
    this.#alias = alias;
    this.#state = state;
  }

  /** The id that the engine knows it by. */
  get id(): string {
    return this.#state.id;
  }

  /** The name of the task. */
  get task(): string {
    return this.#state.task;
  }

  get status(): TaskResultStatus {
    return this.#state.status;
  }

  /** The alias of the backend. */
  get backend(): string {
    return this.#alias;
  }

  /** The arguments, as they come out of JSON. */
  get args(): readonly Json[] {
    return this.#state.args;
  }

  get enqueuedAt(): Date | undefined {
    return this.#state.enqueuedAt;
  }

  /** When the first attempt began. */
  get startedAt(): Date | undefined {
    return this.#state.startedAt;
  }

  /** When the latest attempt began. */
  get lastAttemptedAt(): Date | undefined {
    return this.#state.lastAttemptedAt;
  }

  get finishedAt(): Date | undefined {
    return this.#state.finishedAt;
  }

  /** How often it was begun. */
  get attempts(): number {
    return this.#state.attempts ?? 0;
  }

  /** Why attempts failed, as far as the engine keeps that. */
  get errors(): readonly TaskError[] {
    return this.#state.errors ?? [];
  }

  /** Which workers have tried it, as far as the engine keeps that. */
  get workerIds(): readonly string[] {
    return this.#state.workerIds ?? [];
  }

  /** Whether it has succeeded, or is not tried again. */
  get isFinished(): boolean {
    return this.status === 'SUCCESSFUL' || this.status === 'FAILED';
  }

  /**
   * What the task returned, as it comes out of JSON.
   *
   * @throws {@link SignalsError} unless it has succeeded (D-339).
   */
  get returnValue(): Result {
    if (this.status === 'SUCCESSFUL') return this.#state.returnValue as Result;
    throw new SignalsError(
      'SIGNALS_TASK_UNFINISHED',
      `The task "${this.task}" has no value to return, as it is ${this.status}. Look at "status", and at "errors".`,
    );
  }

  /**
   * Asks the backend what has become of it since.
   *
   * @throws {@link InvalidTaskError} where the backend keeps no results.
   * @throws {@link SignalsError} when it has none of that id any more.
   */
  async refresh(): Promise<void> {
    this.#state = await existingState(this.#backend, this.id);
  }

  /** All that is known of it. @internal */
  get state(): TaskState {
    return this.#state;
  }

  /** Notes what has become of it in this process. @internal */
  note(change: Partial<TaskState>): void {
    this.#state = { ...this.#state, ...change };
  }
}

/**
 * What a backend says of a job.
 *
 * @throws {@link SignalsError} when it knows of none.
 */
export async function existingState(backend: TaskBackend, id: string): Promise<TaskState> {
  const state = await backend.stateOf(id);
  if (state) return state;
  throw new SignalsError(
    'SIGNALS_TASK_RESULT_UNKNOWN',
    `The backend knows of no task result "${id}". Its block may not have been stored, or the engine keeps results for a time only.`,
  );
}

/** What a result says of something that was thrown. */
export function taskErrorOf(thrown: unknown): TaskError {
  if (!isError(thrown)) return { exceptionClass: typeof thrown, traceback: textOf(thrown) };
  return {
    exceptionClass: functionName(thrown.constructor),
    traceback: thrown.stack ?? textOf(thrown),
  };
}
