/**
 * Work for later, Django's `django.tasks`: calls of functions that go out if and only if the data around
 * them is stored, on the engine of your choice.
 *
 * @packageDocumentation
 */
export {
  type Attempt,
  type BackendFeatures,
  type BackendWorker,
  type RunAttempt,
  TaskBackend,
  type TaskJob,
  type WorkerSettings,
} from './backend.js';
export { configureTasks, type TaskConfiguration } from './configure-tasks.js';
export { DummyBackend } from './dummy-backend.js';
export { ImmediateBackend } from './immediate-backend.js';
export type { Json } from './json.js';
export type { TaskContext } from './run-attempt.js';
export { Task, type TaskOptions, task, type UsingTaskOptions } from './task.js';
export {
  InvalidTaskError,
  NotJsonError,
  TasksNotSentError,
  UnknownTaskError,
  type UnsentJob,
} from './task-errors.js';
export {
  type TaskError,
  TaskResult,
  type TaskResultStatus,
  type TaskState,
} from './task-result.js';
export { type TaskEvent, taskEnqueued, taskFinished, taskStarted } from './task-signals.js';
export {
  type RunTasksOptions,
  runTasks,
  startWorker,
  type Worker,
  type WorkerOptions,
} from './worker.js';
