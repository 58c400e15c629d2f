import type { Task } from './task.js';
import { InvalidTaskError } from './task-errors.js';

const tasks = new Map<string, Task>();

/** Has `findTask` find a task by its name. */
export function addTask(task: Task): void {
  if (tasks.has(task.name)) {
    throw new InvalidTaskError(
      `There are two tasks of the name "${task.name}". A worker finds tasks by their names: give one of them another, task(fn, { name: 'shop.${task.name}' }).`,
    );
  }
  tasks.set(task.name, task);
}

/** The task of a name, if a module of this process has it. */
export function findTask(name: string): Task | undefined {
  return tasks.get(name);
}
