import { type BackendFeatures, TaskBackend, type TaskJob } from './backend.js';
import type { TaskResult, TaskState } from './task-result.js';

/**
 * Keeps what was enqueued and runs nothing, for tests: Django's `DummyBackend`.
 *
 * @example
 * ```ts
 * import { configureTasks, DummyBackend, task } from 'sequelize-signals/tasks';
 *
 * const indexOrder = task(async function indexOrder(id: number) {
 *   console.log(`index order ${id}`);
 * });
 * const backend = new DummyBackend();
 * configureTasks({ backends: { default: backend } });
 *
 * await indexOrder.enqueue(1);
 * console.log(backend.results.map(({ task, args }) => [task, args]));
 * ```
 */
export class DummyBackend extends TaskBackend {
  readonly queues: readonly string[] = [];
  readonly features: BackendFeatures = {
    priority: true,
    runAfter: true,
    results: true,
    transactional: true,
  };
  readonly #results: TaskResult[] = [];

  /** What was enqueued and is stored, oldest first. */
  get results(): readonly TaskResult[] {
    return this.#results;
  }

  /** Forgets what was enqueued. */
  clear(): void {
    this.#results.length = 0;
  }

  override get takesTogether(): boolean {
    return false;
  }

  override enqueue(
    jobs: readonly TaskJob[],
    results: readonly TaskResult[],
  ): Promise<readonly string[]> {
    this.#results.push(...results);
    return Promise.resolve(jobs.map(({ id }) => id));
  }

  override stateOf(id: string): Promise<TaskState | undefined> {
    return Promise.resolve(this.#results.find((result) => result.id === id)?.state);
  }
}
