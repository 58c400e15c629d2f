import type { TaskJob } from './backend.js';

/** The jobs of each queue, in order. */
export function byQueue(jobs: readonly TaskJob[]): ReadonlyMap<string, readonly TaskJob[]> {
  const queues = new Map<string, TaskJob[]>();
  for (const job of jobs) {
    const others = queues.get(job.queueName);
    if (others) others.push(job);
    else queues.set(job.queueName, [job]);
  }
  return queues;
}
