import { type BackendFeatures, TaskBackend, type TaskJob } from './backend.js';
import { runAttempt } from './run-attempt.js';
import type { TaskResult } from './task-result.js';

/**
 * Runs tasks in this process, after the commit; outside of a block inside of `enqueue`. It is the
 * backend that there is where none is configured: Django's `ImmediateBackend`.
 *
 * @remarks
 * It runs each task once. What a task throws is logged and goes into its result, and does not come out
 * of `enqueue` or `atomic()`, which wait for the task. A process that is killed loses what it has not run.
 */
export class ImmediateBackend extends TaskBackend {
  readonly queues: readonly string[] = [];
  readonly features: BackendFeatures = {
    priority: true,
    runAfter: false,
    results: false,
    transactional: true,
  };

  override get takesTogether(): boolean {
    return false;
  }

  override enqueue(jobs: readonly TaskJob[]): Promise<readonly string[]> {
    return Promise.resolve(jobs.map(({ id }) => id));
  }

  override async runHere(jobs: readonly TaskJob[], results: readonly TaskResult[]): Promise<void> {
    for (const [index, job] of jobs.entries()) {
      // What it throws is in its result (D-343), and has been logged.
      await runAttempt(this, { job, number: 1 }, results[index] as TaskResult).catch(() => {});
    }
  }
}
