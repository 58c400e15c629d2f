import {
  BOOLEAN,
  checkOptions,
  givenName,
  NAME,
  type OptionRules,
  SignalsError,
  show,
} from '../base/index.js';
import type { TaskBackend } from './backend.js';
import { backendNamed } from './configure-tasks.js';
import { enqueueCalls, type TaskCall } from './enqueue.js';
import { asJson } from './json.js';
import { addTask } from './known-tasks.js';
import type { TaskContext } from './run-attempt.js';
import { InvalidTaskError } from './task-errors.js';
import { existingState, TaskResult } from './task-result.js';

/** How a call of a task is enqueued. */
export interface UsingTaskOptions {
  /** When it may run at the earliest. The engine must be able to wait. */
  readonly runAfter?: Date | undefined;
  /** A whole number from -100 to 100; the higher, the sooner. @defaultValue 0 */
  readonly priority?: number | undefined;
  /** One of the queues of the backend. @defaultValue 'default' */
  readonly queueName?: string | undefined;
  /** The alias of the backend, as in `configureTasks`. @defaultValue 'default' */
  readonly backend?: string | undefined;
}

/** Options of `task`. */
export interface TaskOptions extends Omit<UsingTaskOptions, 'runAfter'> {
  /** By which workers find it, for ever: jobs have it, and not the function. @defaultValue the name of the function */
  readonly name?: string | undefined;
  /** Has the function called with a {@link TaskContext} before its arguments. @defaultValue false */
  readonly takesContext?: boolean | undefined;
  /**
   * Runs the task in a block of the backend's database that completes the job as well, so that its
   * effect is there exactly once, or not yet. The backend must store its jobs there.
   *
   * @defaultValue false
   */
  readonly transactional?: boolean | undefined;
}

const USING_RULES: OptionRules = {
  runAfter: {
    accepts: (value) => value instanceof Date && !Number.isNaN(value.getTime()),
    expected: 'a Date',
  },
  priority: { accepts: isPriority, expected: 'a whole number from -100 to 100' },
  queueName: NAME,
  backend: NAME,
};

const { runAfter: _, ...TASK_USING_RULES } = USING_RULES;

const TASK_RULES: OptionRules = {
  name: NAME,
  ...TASK_USING_RULES,
  takesContext: BOOLEAN,
  transactional: BOOLEAN,
};

// biome-ignore lint/suspicious/noExplicitAny: the constraint of a type parameter; callers see the inferred function.
type TaskFunction = (...parameters: any[]) => unknown;

/** A function that is called later, by a worker. It is made by `task`. */
export class Task<Arguments extends unknown[] = unknown[], Result = unknown> {
  /** By which workers find it. */
  readonly name: string;
  /** The function itself. */
  readonly func: TaskFunction;
  readonly priority: number;
  readonly queueName: string;
  /** The alias of the backend. */
  readonly backend: string;
  readonly runAfter: Date | undefined;
  readonly takesContext: boolean;
  readonly transactional: boolean;
  /** There are no such members at run time. */
  declare readonly '~arguments': Arguments;
  declare readonly '~result': Result;

  /** @internal */
  constructor(func: TaskFunction, name: string, options: TaskOptions & UsingTaskOptions) {
    const { priority = 0, queueName = 'default', backend = 'default' } = options;
    this.name = name;
    this.func = func;
    this.priority = priority;
    this.queueName = queueName;
    this.backend = backend;
    this.runAfter = options.runAfter;
    this.takesContext = options.takesContext ?? false;
    this.transactional = options.transactional ?? false;
    Object.freeze(this);
  }

  /**
   * Has the task called with these arguments if and only if the block around is stored: a backend that
   * shares the database stores the call in the block's own transaction, any other is told after the
   * commit. Outside of a block it goes out at once.
   *
   * @remarks
   * The arguments are copied as JSON, so that what the caller changes later is not seen by the task. As
   * in JSON, `undefined` is left out of objects, and `null` elsewhere.
   *
   * @example
   * ```ts
   * import { atomic } from 'sequelize-signals';
   * import { task } from 'sequelize-signals/tasks';
   *
   * const indexOrder = task(async function indexOrder(id: number) {
   *   console.log(`index order ${id}`);
   * });
   *
   * await atomic(async () => {
   *   await indexOrder.enqueue(1);
   * });
   * ```
   * @returns what is known of the call.
   * @throws {@link NotJsonError} which names the argument that is not JSON.
   * @throws {@link InvalidTaskError} when the backend does not do what is asked of it.
   * @throws {@link TransactionManagementError} when the block is of another database than the backend.
   */
  async enqueue(...args: Arguments): Promise<TaskResult<Result>> {
    const backend = backendNamed(this.backend);
    const [result] = await enqueueCalls(backend, [this.callWith(args, backend)]);
    return result as TaskResult<Result>;
  }

  /**
   * The same task, to be enqueued otherwise. This one stays as it is (D-333).
   *
   * @throws {@link InvalidArgumentError} when an option is unknown or of the wrong kind.
   */
  using(options: UsingTaskOptions): Task<Arguments, Result> {
    checkOptions('using()', options, USING_RULES);
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    return new Task(this.func, this.name, { ...this, ...Object.fromEntries(given) });
  }

  /**
   * What has become of a call of this task.
   *
   * @throws {@link SignalsError} when the backend knows of no such call, or it was one of another task.
   * @throws {@link InvalidTaskError} where the backend keeps no results.
   */
  async getResult(id: string): Promise<TaskResult<Result>> {
    const backend = backendNamed(this.backend);
    const state = await existingState(backend, id);
    if (state.task === this.name) return new TaskResult<Result>(backend, this.backend, state);
    throw new SignalsError(
      'SIGNALS_TASK_RESULT_MISMATCH',
      `The task result "${id}" is of "${state.task}", and not of "${this.name}".`,
    );
  }

  /** A call of it, checked. @internal */
  callWith(args: readonly unknown[], backend: TaskBackend): TaskCall {
    this.#assertDoneBy(backend);
    const { name, priority, queueName, runAfter } = this;
    const json = args.map((argument, index) =>
      asJson(argument, `Argument ${index + 1} of "${name}"`),
    );
    return { task: name, args: json, priority, queueName, runAfter, backend: this.backend };
  }

  #assertDoneBy(backend: TaskBackend): void {
    const { features, queues } = backend;
    const refuse = (what: string): InvalidTaskError =>
      new InvalidTaskError(
        `The task "${this.name}" ${what}, and its backend "${this.backend}" (${backend.constructor.name}) does not do that.`,
      );
    if (this.runAfter !== undefined && !features.runAfter) throw refuse('has runAfter');
    if (this.priority !== 0 && !features.priority) throw refuse('has a priority');
    if (this.transactional && !features.transactional) throw refuse('is transactional');
    if (queues.length === 0 || queues.includes(this.queueName)) return;
    throw new InvalidTaskError(
      `The task "${this.name}" is for the queue "${this.queueName}", which its backend "${this.backend}" does not have. It has: ${queues.join(', ')}.`,
    );
  }
}

/**
 * Makes a task of a function: Django's `@task`. Workers find it by its name, so the module that has it
 * must be loaded where tasks are enqueued and where they run.
 *
 * @remarks
 * A task may run more than once: an engine tries again what failed, and what was under way on a machine
 * that went down. Write it so that it can, or make it `transactional`. It runs in no transaction of
 * whoever enqueued it, and outside of any block unless it is `transactional`.
 *
 * @example
 * ```ts
 * import { task } from 'sequelize-signals/tasks';
 *
 * export const indexOrder = task(async function indexOrder(id: number) {
 *   console.log(`index order ${id}`);
 * });
 *
 * await indexOrder.enqueue(1);
 * await indexOrder.using({ priority: 10 }).enqueue(2);
 * ```
 * @throws {@link InvalidTaskError} when the function has no name and none is given, or another task has
 * the name.
 * @throws {@link InvalidArgumentError} when it is given no function, or an option is unknown or of the
 * wrong kind.
 */
export function task<Arguments extends unknown[], Result>(
  func: (context: TaskContext, ...parameters: Arguments) => Result,
  options: TaskOptions & { readonly takesContext: true },
): Task<Arguments, Awaited<Result>>;
export function task<Arguments extends unknown[], Result>(
  func: (...parameters: Arguments) => Result,
  options?: TaskOptions & { readonly takesContext?: false | undefined },
): Task<Arguments, Awaited<Result>>;
export function task(func: TaskFunction, options: TaskOptions = {}): Task {
  if (typeof func !== 'function') {
    throw new InvalidTaskError(`task() needs a function, not ${show(func)}.`);
  }
  checkOptions('task()', options, TASK_RULES);
  const name = options.name ?? givenName(func);
  if (name === '') {
    throw new InvalidTaskError(
      'task() was given a function without a name, by which no worker could find it. ' +
        "Name it, task(async function indexOrder(id) { … }), or give the option { name: 'indexOrder' }.",
    );
  }
  const made = new Task(func, name, options);
  addTask(made);
  return made;
}

function isPriority(value: unknown): boolean {
  return Number.isInteger(value) && Math.abs(value as number) <= 100;
}
