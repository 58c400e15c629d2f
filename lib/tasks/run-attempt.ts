import { hostname } from 'node:os';
import { hintAtCopies, logger, textOf } from '../base/index.js';
import { atomic, transaction } from '../transactions/index.js';
import type { Attempt, TaskBackend } from './backend.js';
import { asJson, type Json } from './json.js';
import { findTask } from './known-tasks.js';
import type { Task } from './task.js';
import { UnknownTaskError } from './task-errors.js';
import { type TaskResult, taskErrorOf } from './task-result.js';
import { sendTaskSignal, taskFinished, taskStarted } from './task-signals.js';

/** What the first argument of a task is that has `takesContext`. */
export interface TaskContext {
  /** Which attempt this is; the first is 1. */
  readonly attempt: number;
  readonly taskResult: TaskResult;
}

/** Names this process among the workers. */
export const WORKER_ID: string = `${hostname()}:${process.pid}`;

/**
 * Runs a task once, in no transaction of whoever called, and sends its signals.
 *
 * @param taskResult - notes what becomes of it.
 * @returns what the task returned, as JSON. What it throws comes out as it is, after a log.
 * @throws {@link UnknownTaskError} when no module of this process has the task.
 */
export async function runAttempt(
  backend: TaskBackend,
  { job, number, complete }: Attempt,
  taskResult: TaskResult,
): Promise<Json> {
  const now = new Date();
  taskResult.note({
    status: 'RUNNING',
    startedAt: taskResult.startedAt ?? now,
    lastAttemptedAt: now,
    attempts: number,
    workerIds: [...taskResult.workerIds, WORKER_ID],
  });
  await sendTaskSignal(taskStarted, backend, taskResult);
  try {
    const task = taskCalled(job.task);
    const returnValue = await call(task, backend, { attempt: number, taskResult }, job, complete);
    taskResult.note({ status: 'SUCCESSFUL', finishedAt: new Date(), returnValue });
    return returnValue;
  } catch (error) {
    const errors = [...taskResult.errors, taskErrorOf(error)];
    taskResult.note({ status: 'FAILED', finishedAt: new Date(), errors });
    logger().error(
      `The task "${job.task}" failed at attempt ${number} (id ${job.id}): ${textOf(error)}`,
      error,
    );
    throw error;
  } finally {
    await sendTaskSignal(taskFinished, backend, taskResult);
  }
}

async function call(
  task: Task,
  backend: TaskBackend,
  context: TaskContext,
  job: Attempt['job'],
  complete: Attempt['complete'],
): Promise<Json> {
  const args = structuredClone(job.args);
  const parameters = task.takesContext ? [context, ...args] : args;
  const run = async () =>
    asJson(await task.func(...(parameters as never[])), `The result of "${task.name}"`);
  if (!task.transactional) return await transaction.outside(run);
  return await transaction.outside(() =>
    atomic({ using: backend.using }, async () => {
      const returnValue = await run();
      await complete?.(returnValue);
      return returnValue;
    }),
  );
}

function taskCalled(name: string): Task {
  const task = findTask(name);
  if (task) return task;
  throw new UnknownTaskError(
    `No task of this process is called "${name}". Import the module that calls task() for it before ` +
      `startWorker(); the job stays with its engine, and is tried again.${hintAtCopies()}`,
  );
}
