import type { ErrorCode } from '../base/index.js';
import { InvalidArgumentError, SignalsError } from '../base/index.js';

/** Thrown by `enqueue` for an argument that is not JSON, and by a task for its result. Nothing is enqueued. */
export class NotJsonError extends InvalidArgumentError {
  override readonly code: ErrorCode = 'SIGNALS_NOT_JSON';
}

/** Thrown for a task that cannot be: no name, a name that is taken, or what its backend does not do. */
export class InvalidTaskError extends InvalidArgumentError {
  override readonly code: ErrorCode = 'SIGNALS_INVALID_TASK';
}

/** What a worker fails a job with whose task no module of its process has. The engine tries again. */
export class UnknownTaskError extends SignalsError {
  constructor(message: string, options?: ErrorOptions) {
    super('SIGNALS_UNKNOWN_TASK', message, options);
  }
}

/** A job that did not get to its engine after the commit. */
export interface UnsentJob {
  readonly id: string;
  /** The name of the task. */
  readonly task: string;
  readonly args: readonly unknown[];
}

/** Thrown after a commit when the engine did not take the jobs. The data is stored and stays. */
export class TasksNotSentError extends SignalsError {
  /** The jobs that it did not take, or has not answered for. */
  readonly jobs: readonly UnsentJob[];

  constructor(message: string, jobs: readonly UnsentJob[], options?: ErrorOptions) {
    super('SIGNALS_TASKS_NOT_SENT', message, options);
    this.jobs = jobs;
  }
}
