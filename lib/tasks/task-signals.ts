import { Signal } from '../signals/index.js';
import { transaction } from '../transactions/index.js';
import type { TaskBackend } from './backend.js';
import type { TaskResult } from './task-result.js';

/** What receivers of the signals of tasks get. */
export interface TaskEvent {
  readonly taskResult: TaskResult;
}

/**
 * Sent when a call of a task is in the hands of its engine and the data around it is stored: after the
 * commit. The sender is the class of the backend. It is sent robustly and out of any block.
 */
export const taskEnqueued: Signal<TaskEvent> = new Signal<TaskEvent>({ name: 'taskEnqueued' });

/**
 * Sent by a worker before each attempt, with the class of the backend as sender. It is sent robustly and
 * out of any block: a receiver keeps no task from running.
 */
export const taskStarted: Signal<TaskEvent> = new Signal<TaskEvent>({ name: 'taskStarted' });

/**
 * Sent by a worker after each attempt, with the class of the backend as sender. It is sent robustly and
 * out of any block: a task that has done its work is not run again because a receiver failed.
 */
export const taskFinished: Signal<TaskEvent> = new Signal<TaskEvent>({ name: 'taskFinished' });

/** Sends one of them robustly, out of any block: nothing that is enqueued or done depends on receivers. */
export async function sendTaskSignal(
  signal: Signal<TaskEvent>,
  backend: TaskBackend,
  taskResult: TaskResult,
): Promise<void> {
  const sender = backend.constructor;
  if (!signal.hasListeners(sender)) return;
  await transaction.outside(() => signal.sendRobust(sender, { taskResult }));
}
