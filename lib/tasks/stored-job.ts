import { isObject, peek } from '../base/index.js';
import type { Attempt, TaskJob } from './backend.js';
import type { Json } from './json.js';

/** What an engine keeps of a job. */
export interface StoredJob {
  readonly task: string;
  readonly args: readonly Json[];
  readonly enqueuedAt: string;
}

/** What an engine is to keep of a job. */
export function storedJob({ task, args, enqueuedAt }: TaskJob): StoredJob {
  return { task, args, enqueuedAt: enqueuedAt.toISOString() };
}

/** The job of an attempt, from what an engine kept: somebody else may have put other things there. */
export function jobFrom(id: string, stored: unknown): Attempt['job'] {
  const [task, args, enqueuedAt] = ['task', 'args', 'enqueuedAt'].map((key) => peek(stored, key));
  return {
    id,
    task: typeof task === 'string' ? task : `(a job without a task: ${describe(stored)})`,
    args: Array.isArray(args) ? args : [],
    enqueuedAt: typeof enqueuedAt === 'string' ? new Date(enqueuedAt) : undefined,
  };
}

function describe(stored: unknown): string {
  return isObject(stored) ? Object.keys(stored).join(', ') : String(stored);
}
